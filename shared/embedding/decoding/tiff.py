"""TIFF of every depth, where Pillow has no mode for it or gives wrong pixels.

Pillow's libtiff takes strips and tiles apart all the same: they are handed to it as 8-bit grey rows, so that it gives
the bytes back without a meaning. https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import cast

import numpy as np
from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.numbers import Bytes, Kind, Numbers, Packing, unpack
from shared.embedding.decoding.samples import CHANNELS, Alpha, Model, Samples, to_picture
from shared.embedding.decoding.ycbcr import Subsampling, subsampling

_STORED = 1
_BYTEWISE = frozenset({5, 8, 32773, 32946, 34925, 50000})  # LZW, deflate, PackBits, deflate, LZMA, Zstandard
_JPEG = 7
_KINDS: dict[int, Kind] = {1: "unsigned", 2: "signed", 3: "float", 4: "unsigned"}
_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_LAB, _ICC_LAB, _ITU_LAB = 8, 9, 10
_MODELS: dict[int, Model] = {
    **dict.fromkeys((_WHITE_IS_ZERO, _GREY), "grey"),
    **dict.fromkeys((_RGB, _YCBCR), "rgb"),
    _PALETTE: "palette",
    _CMYK: "cmyk",
    **dict.fromkeys((_LAB, _ICC_LAB, _ITU_LAB), "lab"),
}
_ALPHAS: dict[int, Alpha] = {1: "premultiplied", 2: "straight"}
_BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _ORIENTATION, _CHANNELS = 258, 259, 262, 266, 274, 277
_PLANAR, _PREDICTOR, _COLOURS, _INKS, _EXTRA, _FORMAT = 284, 317, 320, 332, 338, 339

_GROUP_BYTES = 1 << 22
"""Pieces are unpacked in groups of about this many bytes, so that only one copy of a large picture is in memory."""

_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little"), axis=1)[:, 0]
"""Each byte with its bits in reverse."""

_LARGEST_PIECE = 300_000_000  # bytes: a piece is unpacked whole, and then copied


def read_directory(file: io.BytesIO) -> Directory:
    """The tags of the first picture. Raises what Pillow does on broken ones."""
    head = file.read(8)
    directory = Directory(head + file.read(8) if head[2:4] in {b"+\0", b"\0+"} else head)
    file.seek(directory.next)
    directory.load(file)
    file.seek(0)
    return directory


def is_right_in_pillow(tags: Directory) -> bool:
    """Whether Pillow, if it opens this picture at all, shows its pixels as they are."""
    photometric, bits = tags.get(_PHOTOMETRIC), _numbers(tags, _BITS, 1)
    if tags.get(_COMPRESSION, _STORED) not in _BYTEWISE | {_STORED}:
        return max(bits) <= 8  # of deeper ones, libtiff reads none
    return (
        max(bits) <= 8
        and set(_numbers(tags, _FORMAT, 1)) <= {1, 4}
        and photometric in {_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _LAB}
        and not (photometric == _CMYK and len(bits) > CHANNELS["cmyk"])
    )


def read_tiff(data: bytes, tags: Directory) -> Image.Image:
    """The first picture as RGB, with its orientation noted. Raises PictureError where it can't be shown faithfully."""
    layout = _layout(data, tags)
    picture = to_picture(_samples(tags, layout))
    picture.getexif()[_ORIENTATION] = tags.get(_ORIENTATION, 1)
    return picture


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the pieces (strips or tiles) are and how they are packed."""

    data: bytes
    width: int
    height: int
    piece_width: int
    piece_height: int
    offsets: Sequence[int]
    sizes: Sequence[int]
    compression: int
    reversed_bits: bool
    packing: Packing
    """Of one row of a piece."""
    planes: int
    """1 where the channels of a pixel stand together."""
    subsampling: Subsampling | None

    @property
    def across(self) -> int:
        return ceil(self.width / self.piece_width)

    @property
    def down(self) -> int:
        return ceil(self.height / self.piece_height)


def _layout(data: bytes, tags: Directory) -> _Layout:
    width, height = int(tags[256]), int(tags[257])
    channels, bits = int(tags.get(_CHANNELS, 1)), set(_numbers(tags, _BITS, 1))
    compression = int(tags.get(_COMPRESSION, _STORED))
    if compression not in _BYTEWISE | {_STORED}:
        name = TiffImagePlugin.COMPRESSION_INFO.get(compression, f"number {compression}")
        deep = f" at {max(bits)} bits" if max(bits) > 8 else ""
        raise PictureError(f"it is a TIFF with a compression that can't be read ({name}{deep}): save it as PNG")
    if len(bits) > 1:
        raise PictureError("it is a TIFF whose channels differ in depth, which can't be converted faithfully")
    formats = set(_numbers(tags, _FORMAT, 1))
    if len(formats) > 1 or not formats <= _KINDS.keys():
        raise PictureError("it is a TIFF with complex or mixed numbers, which can't be converted faithfully")
    tiled = 322 in tags
    piece_width, piece_height = (int(tags[322]), int(tags[323])) if tiled else (width, int(tags.get(278, height)))
    piece_height = piece_height if tiled else min(piece_height, height)
    planes = channels if tags.get(_PLANAR, 1) == 2 else 1
    packing = Packing(
        piece_width,
        channels // planes,
        bits.pop(),
        _KINDS[formats.pop()],
        big_endian=tags.prefix == TiffImagePlugin.MM,
        predictor=int(tags.get(_PREDICTOR, 1)) if compression != _STORED else 1,
    )
    if min(width, height, piece_width, piece_height, channels) < 1:
        raise PictureError("it is a TIFF without pixels")
    if max(packing.row_bytes, piece_height * packing.row_bytes) > _LARGEST_PIECE:
        raise PictureError(f"it is a TIFF in pieces of more than {_LARGEST_PIECE:,} bytes: save it as PNG")
    layout = _Layout(
        data,
        width,
        height,
        piece_width,
        piece_height,
        _numbers(tags, 324 if tiled else 273),
        _numbers(tags, 325 if tiled else 279),
        compression,
        tags.get(_FILL_ORDER, 1) == 2,
        packing,
        planes,
        subsampling(tags) if tags.get(_PHOTOMETRIC) == _YCBCR else None,
    )
    count = planes * layout.across * layout.down
    if min(len(layout.offsets), len(layout.sizes)) < count:
        raise PictureError("it is a TIFF that lacks some of its strips or tiles")
    return layout


def _samples(tags: Directory, layout: _Layout) -> Samples:
    photometric, channels = int(tags.get(_PHOTOMETRIC, _GREY)), layout.packing.channels * layout.planes
    model = _MODELS.get(photometric)
    if model is None or (model == "cmyk" and tags.get(_INKS, 1) != 1):
        raise PictureError(f"it is a TIFF in colours that can't be read (photometric {photometric}): save it as PNG")
    if channels < CHANNELS[model]:
        raise PictureError("it is a TIFF with too few channels for its colours")
    extra = _numbers(tags, _EXTRA, 0)
    return Samples(
        layout.width,
        layout.height,
        lambda: _windows(layout),
        model,
        layout.packing.bits,
        layout.packing.kind,
        alpha=_ALPHAS.get(extra[0], "none") if channels > CHANNELS[model] else "none",
        inverted=photometric == _WHITE_IS_ZERO,
        offset_lab=photometric in {_ICC_LAB, _ITU_LAB},
        palette=_palette(tags) if model == "palette" else None,
    )


def _palette(tags: Directory) -> Bytes:
    colours = np.array(_numbers(tags, _COLOURS), np.uint16)
    if len(colours) % 3:
        raise PictureError("it is a TIFF with a broken palette")
    shift = 8 if colours.max(initial=0) > 255 else 0  # some programs write 8 bits here
    return (colours.reshape(3, -1).T >> shift).astype(np.uint8)


def _windows(layout: _Layout) -> Iterator[tuple[int, Numbers]]:
    """Rows of tiles, or as many strips as make a group, from the top down."""
    row_of_pieces = layout.across * layout.piece_height * layout.packing.row_bytes * layout.planes
    at_once = max(1, _GROUP_BYTES // row_of_pieces) if layout.across == 1 else 1
    for first in range(0, layout.down, at_once):
        last = min(first + at_once, layout.down)
        planes = [_rows(layout, plane, first, last) for plane in range(layout.planes)]
        top, bottom = first * layout.piece_height, min(last * layout.piece_height, layout.height)
        step = max(1, _GROUP_BYTES // max(1, layout.packing.row_bytes * layout.across))
        step = step if layout.subsampling is None else bottom - top
        for row in range(0, bottom - top, step):
            window = [_numbers_of(layout, plane, row, min(row + step, bottom - top)) for plane in planes]
            yield top + row, window[0] if len(window) == 1 else np.concatenate(window, axis=-1)


def _numbers_of(layout: _Layout, pieces: Sequence[Bytes], start: int, end: int) -> Numbers:
    """The rows from start to end of pieces that lie side by side."""
    if layout.subsampling:
        parts = [layout.subsampling.rgb(piece, layout.piece_width, min(layout.piece_height, end)) for piece in pieces]
    else:
        parts = [unpack(piece[start:end], layout.packing) for piece in pieces]
    return np.concatenate(parts, axis=1)[: end - start, : layout.width]


def _rows(layout: _Layout, plane: int, first: int, last: int) -> list[Bytes]:
    """The bytes of each column of pieces in some rows of them; strips are one column."""
    start = plane * layout.across * layout.down
    return [
        _unpacked(layout, [start + down * layout.across + across for down in range(first, last)], last)
        for across in range(layout.across)
    ]


def _unpacked(layout: _Layout, pieces: Sequence[int], last: int) -> Bytes:
    """The bytes of pieces that lie one below the other, down to the row of pieces before `last`."""
    blocks = layout.subsampling
    bottom = layout.height - (layout.down - 1) * layout.piece_height if last == layout.down else layout.piece_height
    rows_each = blocks.rows(layout.piece_height) if blocks else layout.piece_height
    row_bytes = blocks.row_bytes(layout.piece_width) if blocks else layout.packing.row_bytes
    rows = rows_each * (len(pieces) - 1) + (blocks.rows(bottom) if blocks else bottom)
    view = memoryview(layout.data)
    packed = [view[layout.offsets[piece] : layout.offsets[piece] + layout.sizes[piece]] for piece in pieces]
    if layout.compression != _STORED:
        return unpack_bytes(packed, layout.compression, row_bytes, rows, rows_each, reversed_bits=layout.reversed_bits)
    content = np.frombuffer(packed[0] if len(packed) == 1 else b"".join(packed), np.uint8)
    if len(content) < rows * row_bytes:
        raise PictureError("it is cut short: some of its strips or tiles are missing")
    found = content[: rows * row_bytes].reshape(rows, row_bytes)
    return _REVERSED[found] if layout.reversed_bits else found


def unpack_bytes(
    pieces: Sequence[bytes | memoryview],
    compression: int,
    row_bytes: int,
    rows: int,
    rows_each: int,
    *,
    reversed_bits: bool = False,
) -> Bytes:
    """Compressed pieces of `rows_each` rows (the last may have fewer) to rows of bytes, shape (rows, row_bytes)."""
    sizes = [len(piece) for piece in pieces]
    body = b"".join(pieces)
    offsets = np.cumsum([8, *sizes[:-1]])
    lists = 8 + len(body)
    directory = lists + 8 * len(pieces)
    many = len(pieces) > 1
    tags = (
        *((256, row_bytes), (257, rows), (258, 8), (_COMPRESSION, compression), (_PHOTOMETRIC, _GREY)),
        *((_FILL_ORDER, 2 if reversed_bits else 1), (273, lists if many else 8), (_CHANNELS, 1), (278, rows_each)),
        (279, lists + 4 * len(pieces) if many else sizes[0]),
    )
    entries = b"".join(
        struct.pack("<HHII", tag, 4, len(pieces) if tag in {273, 279} else 1, value) for tag, value in tags
    )
    content = b"".join(
        (
            struct.pack("<2sHI", b"II", 42, directory),
            body,
            np.array([*offsets, *sizes], "<u4").tobytes(),
            struct.pack("<H", len(tags)),
            entries,
            bytes(4),
        )
    )
    with TiffImagePlugin.TiffImageFile(io.BytesIO(content)) as opened:
        opened.load()
        return np.asarray(opened)


def _numbers(tags: Directory, tag: int, default: int | None = None) -> Sequence[int]:
    """A tag's values; the default where it is missing. Raises PictureError where it is missing and has none."""
    value = tags.get(tag, default)
    if value is None:
        raise PictureError(f"it is a TIFF without the tag {tag}")
    return cast("Sequence[int]", value) if isinstance(value, tuple) else (cast("int", value),)
