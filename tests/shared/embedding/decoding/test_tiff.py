"""Every depth, number format and layout against the picture that was stored."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.images import PictureError, read_picture
from tests.conftest import encode, noise_picture
from tests.shared.embedding.decoding.tiff_files import Order, file, tiff

COLOUR = np.asarray(noise_picture(1, (61, 45))) / 255.0
GREY = COLOUR[..., 0]
CMYK, RGB, LAB = 5, 2, 8
DEPTHS = (np.uint16, np.uint32, np.int16, np.int32, np.float16, np.float32, np.float64)


def read(data: bytes) -> NDArray[np.int_]:
    return np.asarray(read_picture(data), dtype=int)


def stored(values: NDArray[np.float64], dtype: type[np.integer | np.floating]) -> NDArray[np.integer | np.floating]:
    """Values from 0 to 1 over the whole range of a type."""
    if issubclass(dtype, np.floating):
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return (values * (limits.max - limits.min) + limits.min).astype(dtype)


def off(data: bytes, expected: NDArray[np.float64]) -> float:
    """The largest difference in grey levels; expected runs from 0 to 1."""
    shown = expected if expected.ndim == 3 else expected[..., None]
    return float(np.abs(read(data) - 255 * shown).max())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", ["plain", "planar", "deflate"])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_deep_numbers(dtype: type[np.integer | np.floating], order: Order, layout: str) -> None:
    def written(values: NDArray[np.float64], photometric: int) -> bytes:
        numbers = stored(values, dtype)
        return tiff(numbers, photometric, order=order, planar=layout == "planar", deflate=layout == "deflate")

    assert off(written(GREY, 1), GREY) <= 1
    assert off(written(GREY, 0), 1 - GREY) <= 1
    assert off(written(COLOUR, RGB), COLOUR) <= 1


@pytest.mark.parametrize("bits", [2, 4, 6, 10, 12, 14, 24])
def test_packed_bits(bits: int) -> None:
    numbers = (GREY * (2**bits - 1)).round().astype(np.uint32)
    shown = numbers / (2**bits - 1)
    assert off(tiff(numbers, 1, bits=bits, order=">", tags={339: 1}), shown) <= 1
    assert off(tiff(numbers, 0, bits=bits, order=">", tags={339: 1}), 1 - shown) <= 1


def test_transparency_is_white() -> None:
    alpha = GREY[::-1, :, None]
    shown = COLOUR * alpha + (1 - alpha)
    straight = np.concatenate([COLOUR, alpha], axis=-1)
    premultiplied = np.concatenate([COLOUR * alpha, alpha], axis=-1)
    assert off(tiff(stored(straight, np.uint16), RGB, tags={338: 2}), shown) <= 1
    assert off(tiff(stored(premultiplied, np.uint16), RGB, tags={338: 1}), shown) <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_with_alpha(dtype: type[np.integer]) -> None:
    ink, black, alpha = COLOUR, GREY[..., None] / 2, GREY[::-1, :, None]
    shown = (1 - ink) * (1 - black) * alpha + (1 - alpha)
    assert off(tiff(stored(np.concatenate([ink, black, alpha], axis=-1), dtype), CMYK, tags={338: 2}), shown) <= 2


def test_lab_of_16_bits_is_as_of_8() -> None:
    lab = (COLOUR * (255, 60, 60)).astype(np.uint8)
    shallow = read(tiff(lab, LAB))
    assert np.abs(read(tiff(lab.astype(np.uint16) * 256, LAB)) - shallow).max() <= 3
    assert np.abs(read(tiff(lab ^ np.array([0, 128, 128], np.uint8), 9)) - shallow).max() <= 3


def test_floats_show_what_lies_between_0_and_1() -> None:
    holes, bright = GREY.copy(), GREY.copy()
    holes[:, 3], holes[0, 0] = np.nan, -np.inf
    bright[:2, :10] = 7.5
    signalling = holes.astype(np.float32)
    signalling.view(np.uint32)[5, 5] = 0x7F800001
    holes[5, 5] = np.nan
    assert np.abs(read(tiff(signalling, 1)) - 255 * np.nan_to_num(holes, neginf=0)[..., None]).max() <= 1
    assert np.abs(read(tiff(bright.astype(np.float32), 1)) - 255 * bright.clip(0, 1)[..., None]).max() <= 1


@pytest.mark.parametrize("white", [255, 65535])
def test_numbers_of_32_bits_may_use_a_usual_range(white: int) -> None:
    assert off(tiff((GREY * white).astype(np.uint32), 1), GREY) <= 1
    assert off(tiff((GREY * white).astype(np.float32), 1), GREY) <= 1


def test_measurements_are_stretched() -> None:
    shown = read(tiff((GREY * 9e5 - 3e5).astype(np.float32), 1))
    assert shown.min() == 0
    assert shown.max() == 255


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_deflate", "zstd", "lzma"])
def test_compressed_numbers(compression: str) -> None:
    numbers = (GREY * 65535).astype(np.uint16)
    assert off(encode(Image.fromarray(numbers), "TIFF", compression=compression), GREY) <= 1


def test_predictors() -> None:
    numbers = (COLOUR * 65535).astype(np.uint16)
    differences = np.diff(numbers, axis=1, prepend=np.zeros((45, 1, 3), np.uint16))
    assert off(tiff(differences, RGB, deflate=True, tags={317: 2}), COLOUR) <= 1
    floats = COLOUR.astype(">f4")
    planes = np.ascontiguousarray(floats).view(np.uint8).reshape(45, 61 * 3, 4).transpose(0, 2, 1).reshape(45, -1, 3)
    packed = np.diff(planes, axis=1, prepend=np.zeros((45, 1, 3), np.uint8)).reshape(45, -1)
    whole = tiff(packed, 1, deflate=True)
    assert read(whole).shape == (45, 61 * 12, 3)
    tags = {258: [32] * 3, 262: RGB, 277: 3, 317: 3, 339: [3] * 3, 256: 61, 278: 7, 259: 8}
    strips = [np.ascontiguousarray(packed[top : top + 7]).tobytes() for top in range(0, 45, 7)]
    assert off(file((45, 61), [zlib.compress(strip) for strip in strips], tags), COLOUR) <= 1


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (1, 2), (2, 2), (4, 4)])
def test_ycbcr_without_jpeg(across: int, down: int) -> None:
    height, width = 48, 64
    smooth = noise_picture(1, (4, 3)).resize((width, height), Image.Resampling.BICUBIC)
    planes = np.asarray(smooth.convert("YCbCr"))
    luma = planes[..., 0].reshape(height // down, down, width // across, across).transpose(0, 2, 1, 3)
    shared = planes[..., 1:].reshape(height // down, down, width // across, across, 2).mean(axis=(1, 3))
    blocks = np.concatenate([luma.reshape(*luma.shape[:2], -1), shared], axis=-1).astype(np.uint8)
    strips = [strip.tobytes() for strip in np.split(blocks, 3)]
    data = file((height, width), strips, {258: [8] * 3, 259: 1, 262: 6, 277: 3, 278: 16, 530: [across, down]})
    assert np.abs(read(data) - np.asarray(smooth, dtype=int)).mean() < 3


def test_the_orientation_is_applied() -> None:
    assert read(tiff(stored(GREY, np.uint16), 1, tags={274: 6})).shape == (61, 45, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tiff(stored(GREY, np.uint16), 1, tags={262: 32845}), "colours that can't be read"),
        (tiff(stored(GREY, np.uint16), 1, tags={259: 7}), "compression that can't be read .jpeg at 16 bits"),
        (tiff(stored(COLOUR, np.uint16), RGB, tags={258: [16, 8, 16]}), "differ in depth"),
        (tiff(stored(GREY, np.float32), 1, tags={339: 6}), "complex"),
        (tiff(stored(GREY, np.uint16), 1)[:2000], "cut short|damaged"),
    ],
    ids=["LogLuv", "deep JPEG", "mixed", "complex", "cut"],
)
def test_what_cannot_be_shown_faithfully_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        read_picture(data)


def test_a_large_piece_is_refused_by_its_header() -> None:
    data = tiff(stored(GREY, np.uint16), 1, tags={256: 9000, 257: 9000, 278: 9000, 277: 3, 258: [16] * 3, 262: RGB})
    with pytest.raises(PictureError, match="pieces of more than 300,000,000 bytes"):
        read_picture(data)


def test_bigtiff() -> None:
    file = io.BytesIO()
    Image.fromarray((GREY * 65535).astype(np.uint16)).save(file, "TIFF", big_tiff=True)
    assert off(file.getvalue(), GREY) <= 1
