"""What PNG needs before and after Pillow: chunks that don't matter left out, transparent colours of 16 bits found."""

from __future__ import annotations

import io
import struct
import zlib
from typing import cast

import numpy as np
from PIL import Image, PngImagePlugin

from shared.embedding.decoding.errors import PictureError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_KEPT_IF_WHOLE = frozenset({b"tRNS", b"eXIf"})
_MAX_CHUNKS = 200_000  # each costs some 2 µs, and honest pictures have one for 8 kB or more


def without_side_issues(data: bytes) -> bytes:
    """The same picture without texts, profiles and animation: nothing in them, not even damage, is about its pixels.

    Raises PictureError for what only looks like a PNG.
    """
    if data[12:16] == b"CgBI":
        raise PictureError("it is a PNG in Apple's own variant for apps (CgBI), which can't be read: save it as PNG")
    view = memoryview(data)
    parts, position, chunks, dropped = [view[:8]], 8, 0, False
    while position + 8 <= len(data):
        chunks += 1
        if chunks > _MAX_CHUNKS:
            raise PictureError("it consists of too many pieces to be a picture")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind in _KEPT or (kind in _KEPT_IF_WHOLE and _is_whole(view[position:end])):
            parts.append(view[position:end])
        else:
            dropped = True
        position = end
        if kind == b"IEND":
            break
    return b"".join(parts) if dropped else data


def _is_whole(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def depth_of(data: bytes) -> int:
    """Bits of a sample, by the header."""
    return data[24]


def scale_transparent_grey(opened: Image.Image, depth: int) -> None:
    """Pillow stretches greys of 2 and 4 bits to 8, but not the one that is transparent."""
    key = opened.info.get("transparency")
    if opened.mode == "L" and depth < 8 and isinstance(key, int):
        opened.info["transparency"] = key * 255 // ((1 << depth) - 1)


def is_transparent_by_16_bits(opened: Image.Image, depth: int) -> bool:
    return depth == 16 and opened.mode in {"I;16", "RGB"} and "transparency" in opened.info


def on_white_by_16_bits(opened: PngImagePlugin.PngImageFile, data: bytes) -> Image.Image:
    """A loaded picture of 16 bits with one transparent colour, as RGB: exactly that colour becomes white."""
    key = opened.info["transparency"]
    if opened.mode == "I;16":
        numbers = np.asarray(opened)
        grey = (numbers >> 8).astype(np.uint8)
        grey[numbers == cast("int", key)] = 255
        picture = Image.fromarray(grey).convert("RGB")
    else:
        colours = np.asarray(opened).copy()
        transparent = np.ones(colours.shape[:2], bool)
        for bytes_of_samples, shift in ((colours, 8), (np.asarray(_low_bytes(data)), 0)):
            for channel, value in enumerate(cast("tuple[int, int, int]", key)):
                transparent &= bytes_of_samples[..., channel] == value >> shift & 255
        colours[transparent] = 255
        picture = Image.fromarray(colours)
    picture.info.update({name: value for name, value in opened.info.items() if name != "transparency"})
    return picture


def _low_bytes(data: bytes) -> Image.Image:
    """Pillow keeps the first byte of each sample of 16 bits; read the other way round, it keeps the second."""
    opened = PngImagePlugin.PngImageFile(io.BytesIO(data))
    opened.tile = [tile._replace(args="RGB;16L") for tile in opened.tile]
    opened.load()
    return opened
