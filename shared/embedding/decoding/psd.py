"""Photoshop's PSD and PSB of every depth: the merged picture, as Photoshop keeps it beside the layers.

https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/. Channels beyond those of the colours are not looked at:
they are masks, or a transparency that is blended with white already.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.limits import check_pixels
from shared.embedding.decoding.numbers import Bytes, Kind, Numbers, Packing, unpack
from shared.embedding.decoding.samples import CHANNELS, Model, Samples, to_picture
from shared.embedding.decoding.tiff import unpack_bytes

_MODELS: dict[int, Model] = {0: "grey", 1: "grey", 2: "palette", 3: "rgb", 4: "cmyk", 8: "grey", 9: "lab"}
_BITMAP, _CMYK = 0, 4
_STORED, _PACKED = 0, 1
_PACKBITS = 32773
_WINDOW_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class _Merged:
    data: bytes
    start: int
    """Where the channels' rows begin, one channel after another."""
    height: int
    row_sizes: NDArray[np.int64] | None
    """Bytes of each packed row, shape (channels, height); None where rows are stored as they are."""
    packing: Packing
    """Of a row of one channel."""


def read_psd(data: bytes, max_pixels: int) -> Image.Image:
    """The picture as RGB. Raises PictureError."""
    version, channels, height, width, bits, mode = struct.unpack_from(">H6xHIIHH", data, 4)
    check_pixels("PSD", width, height, max_pixels)
    model = _MODELS.get(mode)
    if model is None:
        raise PictureError(f"it is a Photoshop picture in colours that can't be read (mode {mode}): save it as PNG")
    if channels < CHANNELS[model] or not width or not height:
        raise PictureError("it is a Photoshop picture without pixels")
    colours_size = int.from_bytes(data[26:30])
    resources_at = 30 + colours_size
    layers_at = resources_at + 4 + int.from_bytes(data[resources_at : resources_at + 4])
    length = 8 if version == 2 else 4
    merged_at = layers_at + length + int.from_bytes(data[layers_at : layers_at + length])
    merged = _merged(data, merged_at, channels, height, version, Packing(width, 1, bits, _kind(bits), big_endian=True))
    return to_picture(
        Samples(
            width,
            height,
            lambda: _windows(merged, CHANNELS[model]),
            model,
            bits,
            merged.packing.kind,
            inverted=mode in {_BITMAP, _CMYK},
            offset_lab=True,
            palette=_palette(data[30 : 30 + colours_size]) if model == "palette" else None,
        )
    )


def _kind(bits: int) -> Kind:
    return "float" if bits == 32 else "unsigned"


def _merged(data: bytes, start: int, channels: int, height: int, version: int, packing: Packing) -> _Merged:
    compression = int.from_bytes(data[start : start + 2])
    if compression == _STORED:
        return _Merged(data, start + 2, height, None, packing)
    if compression != _PACKED:
        raise PictureError(f"it is a Photoshop picture packed in an unknown way ({compression}): save it as PNG")
    sizes = np.frombuffer(data, ">u4" if version == 2 else ">u2", channels * height, start + 2)
    return _Merged(data, start + 2 + sizes.nbytes, height, sizes.reshape(channels, height).astype(np.int64), packing)


def _windows(merged: _Merged, channels: int) -> Iterator[tuple[int, Numbers]]:
    step = max(1, _WINDOW_BYTES // (channels * merged.packing.row_bytes))
    for top in range(0, merged.height, step):
        bottom = min(top + step, merged.height)
        planes = [unpack(_rows(merged, channel, top, bottom), merged.packing) for channel in range(channels)]
        yield top, np.concatenate(planes, axis=-1)


def _rows(merged: _Merged, channel: int, top: int, bottom: int) -> Bytes:
    rows, row_bytes = bottom - top, merged.packing.row_bytes
    if merged.row_sizes is None:
        start = merged.start + (channel * merged.height + top) * row_bytes
        return np.frombuffer(merged.data, np.uint8, rows * row_bytes, start).reshape(rows, row_bytes)
    flat = merged.row_sizes.reshape(-1)
    first = channel * merged.height + top
    start = merged.start + int(flat[:first].sum())
    packed = memoryview(merged.data)[start : start + int(flat[first : first + rows].sum())]
    return unpack_bytes([packed], _PACKBITS, row_bytes, rows, rows)


def _palette(colours: bytes) -> Bytes:
    if len(colours) < 768:
        raise PictureError("it is a Photoshop picture with a broken palette")
    return np.frombuffer(colours, np.uint8, 768).reshape(3, 256).T
