"""TIFF files of any depth, sample format and layout, put together from the format's description."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SHORT, LONG = 3, 4

Order = Literal["<", ">"]

type Tags = Mapping[int, int | Sequence[int]]


def tiff(
    samples: NDArray[np.integer | np.floating],
    photometric: int,
    *,
    bits: int | None = None,
    order: Order = "<",
    rows_per_strip: int = 7,
    planar: bool = False,
    deflate: bool = False,
    tags: Tags | None = None,
) -> bytes:
    """A TIFF of samples of shape (height, width) or (height, width, channels), whose type says how they are stored.

    `bits` packs unsigned samples more tightly, first bits first; `tags` adds or replaces tags.
    """
    cube = samples if samples.ndim == 3 else samples[..., None]
    height, _, channels = cube.shape
    planes = [cube[..., channel : channel + 1] for channel in range(channels)] if planar else [cube]
    tops = range(0, height, rows_per_strip)
    strips = [_packed(plane[top : top + rows_per_strip], bits, order) for plane in planes for top in tops]
    kinds = {"u": 1, "i": 2, "f": 3}
    return file(
        cube.shape,
        [zlib.compress(strip) for strip in strips] if deflate else strips,
        {
            258: [bits or 8 * samples.itemsize] * channels,
            259: 8 if deflate else 1,
            262: photometric,
            277: channels,
            278: rows_per_strip,
            284: 2 if planar else 1,
            339: [kinds[samples.dtype.kind]] * channels,
            **(tags or {}),
        },
        order,
    )


def file(shape: Sequence[int], strips: Sequence[bytes], tags: Tags, order: Order = "<") -> bytes:
    """A TIFF of strips that are packed already."""
    offsets = [8 + sum(map(len, strips[:index])) for index in range(len(strips))]
    written = {256: shape[1], 257: shape[0], 273: offsets, 279: [len(strip) for strip in strips], **tags}
    content = b"".join(strips)
    content += bytes(len(content) % 2)
    directory = 8 + len(content)
    room = directory + 2 + 12 * len(written) + 4
    entries, values = b"", b""
    for tag, value in sorted(written.items()):
        numbers = [value] if isinstance(value, int) else list(value)
        kind = SHORT if max(numbers) < 1 << 16 else LONG
        packed = struct.pack(f"{order}{len(numbers)}{'H' if kind == SHORT else 'I'}", *numbers)
        entries += struct.pack(f"{order}HHI", tag, kind, len(numbers))
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack(f"{order}I", room + len(values))
            values += packed + bytes(len(packed) % 2)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, directory)
    return head + content + struct.pack(f"{order}H", len(written)) + entries + bytes(4) + values


def _packed(rows: NDArray[np.integer | np.floating], bits: int | None, order: Order) -> bytes:
    if bits is None:
        return rows.astype(rows.dtype.newbyteorder(order)).tobytes()
    flat = rows.reshape(len(rows), -1).astype(np.uint64)
    each = (flat[..., None] >> np.arange(bits - 1, -1, -1, dtype=np.uint64)) & np.uint64(1)
    return np.packbits(each.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()
