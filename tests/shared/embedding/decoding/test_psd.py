"""Photoshop's merged picture, of every depth and colour mode, stored and packed."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.embedding.images import PictureError, read_picture
from tests.conftest import noise_picture

COLOUR = np.asarray(noise_picture(1, (60, 45))) / 255.0
MODES = {"grey": 1, "rgb": 3, "cmyk": 4}


def psd(planes: NDArray[np.generic], mode: int, bits: int, *, version: int = 1, packed: bool = False) -> bytes:
    """A file of planes of shape (channels, rows, bytes of a row)."""
    channels, height = planes.shape[:2]
    rows = [planes[channel, row].tobytes() for channel in range(channels) for row in range(height)]
    width = len(rows[0]) * 8 // bits
    head = struct.pack(">4sH6xHIIHHII", b"8BPS", version, channels, height, width, bits, mode, 0, 0)
    head += bytes(8 if version == 2 else 4)
    if not packed:
        return head + b"\0\0" + b"".join(rows)
    literal = [b"".join(_literal(row[start : start + 128]) for start in range(0, len(row), 128)) for row in rows]
    sizes = struct.pack(f">{len(rows)}{'I' if version == 2 else 'H'}", *map(len, literal))
    return head + b"\0\1" + sizes + b"".join(literal)


def _literal(content: bytes) -> bytes:
    """A run of PackBits that stands for itself."""
    return bytes([len(content) - 1]) + content


def planes(values: NDArray[np.float64], bits: int) -> NDArray[np.generic]:
    if bits == 32:
        return values.transpose(2, 0, 1).astype(">f4")
    return (values.transpose(2, 0, 1) * (2**bits - 1)).round().astype(f">u{bits // 8}")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("mode", ["grey", "rgb", "cmyk"])
def test_depths_and_modes(mode: str, bits: int, version: int, packed: bool) -> None:
    values = {"grey": COLOUR[..., :1], "rgb": COLOUR, "cmyk": np.dstack([COLOUR, COLOUR[::-1, :, 0]])}[mode]
    shown = values[..., :3] * values[..., 3:] if mode == "cmyk" else values  # inks are stored as what is left of white
    data = psd(planes(values, bits), MODES[mode], bits, version=version, packed=packed)
    assert np.abs(np.asarray(read_picture(data), dtype=int) - 255 * shown).max() <= 1.01


def test_channels_beyond_the_colours_are_masks() -> None:
    read = read_picture(psd(planes(np.dstack([COLOUR, COLOUR[..., 0]]), 8), 3, 8))
    assert np.abs(np.asarray(read, dtype=int) - 255 * COLOUR).max() <= 1


def test_a_bitmap_is_black_where_its_bits_are_set() -> None:
    read = np.asarray(read_picture(psd(np.array([[[0b10101010], [0b11110000]]], np.uint8), 0, 1)))[..., 0]
    assert read.tolist() == [[0, 255] * 4, [0] * 4 + [255] * 4]


def test_colours_without_a_meaning_are_refused() -> None:
    with pytest.raises(PictureError, match="colours that can't be read"):
        read_picture(psd(planes(COLOUR, 8), 7, 8))


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_was_cut_is_an_error(packed: bool) -> None:
    data = psd(planes(COLOUR, 16), 3, 16, packed=packed)
    with pytest.raises(PictureError, match="damaged or cut short"):
        read_picture(data[: len(data) // 2])
