"""HEIC as phones store it, written by libheif and x265, which training and the Function do without."""

from __future__ import annotations

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from shared.embedding.images import PictureError, read_picture
from tests.conftest import PROJECT, encode, noise_picture

SMOOTH = noise_picture(2, (6, 5)).resize((128, 96), Image.Resampling.BICUBIC)


def heic(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=95, **options)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA"])
def test_modes(mode: str) -> None:
    read = read_picture(heic(SMOOTH.convert(mode)))
    expected = SMOOTH.convert("L" if "L" in mode else "RGB").convert("RGB")
    assert np.abs(np.asarray(read, dtype=int) - np.asarray(expected, dtype=int)).mean() < 3


def test_transparency_is_white() -> None:
    picture = SMOOTH.convert("RGBA")
    picture.putalpha(0)
    assert np.asarray(read_picture(heic(picture))).min() >= 250


def test_deep_colours() -> None:
    deep = (np.linspace(0, 1, 128 * 96).reshape(96, 128) * 65535).astype(np.uint16)
    read = np.asarray(read_picture(heic(Image.fromarray(deep))), dtype=int)[..., 0]
    assert np.abs(read - deep / 257).mean() < 3


@pytest.mark.parametrize("orientation", [1, 3, 6, 8, 2, 5])
def test_a_picture_that_lies_on_its_side_is_turned_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    expected = read_picture(encode(SMOOTH, "JPEG", quality=95, exif=exif.tobytes()))
    file = io.BytesIO()
    # The encoder turns EXIF's orientation into irot and imir, which is how HEIC says it, beside the EXIF as it was.
    pillow_heif.encode("RGB", SMOOTH.size, SMOOTH.tobytes(), file, exif=exif.tobytes(), quality=95)
    assert (b"irot" in file.getvalue()) is (orientation not in {1, 2})
    read = read_picture(file.getvalue())
    assert read.size == expected.size
    assert np.abs(np.asarray(read, dtype=int) - np.asarray(expected, dtype=int)).mean() < 4


def test_a_heic_that_was_cut_is_an_error() -> None:
    data = heic(noise_picture(1, (200, 160)))
    with pytest.raises(PictureError, match="damaged or cut short"):
        read_picture(data[: len(data) // 2])


def test_too_many_pixels_are_refused_before_decoding() -> None:
    with pytest.raises(PictureError, match="128 x 96 pixels, over the limit of 10,000"):
        read_picture(heic(SMOOTH), max_pixels=10_000)


def test_a_header_that_claims_fewer_pixels_than_are_coded_is_refused() -> None:
    data = bytearray(heic(noise_picture(1, (1024, 768))))
    start = data.index(b"ispe") + 8
    data[start : start + 8] = bytes((0, 0, 0, 64, 0, 0, 0, 64))
    with pytest.raises(PictureError, match="Security limit"):
        read_picture(bytes(data))


def test_a_damaged_length_of_the_metadata_ends_no_process() -> None:
    data = (PROJECT / "tests" / "soak" / "corpus" / "metadata.heic").read_bytes()  # found by mutation
    with pytest.raises(PictureError, match="damaged or cut short"):
        read_picture(data)
