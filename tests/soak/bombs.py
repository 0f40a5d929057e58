"""Small files that claim, or unpack to, what no machine should hold. `python -m tests.soak.bombs [NAME ...]` tries.

It prints a line of JSON for each: its name, what the decoder said, the megabytes that memory rose by at its peak, and
the seconds it took.
"""

from __future__ import annotations

import json
import struct
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from shared.embedding.images import PictureError, read_picture
from tests.conftest import encode, noise_picture
from tests.soak.pictures import seeds
from tests.soak.worker import forget_peak, peak

CORPUS = Path(__file__).parent / "corpus"
SIDE = 30_000


def _png(side: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(9)
    row = bytes(side // 8 + 1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _tiff() -> bytes:
    """One strip of zeros; and after it the tags: width, height, bits, deflate, black is zero, strip, rows, bytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(SIDE)) for _ in range(SIDE)) + packer.flush()
    tags = ((256, SIDE), (257, SIDE), (258, 8), (259, 8), (262, 1), (273, 8), (278, SIDE), (279, len(packed)))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHI", b"II", 42, 8 + len(packed)) + packed + struct.pack("<H", len(tags)) + entries + bytes(4)


def _gif() -> bytes:
    """A frame far larger than its screen."""
    screen = struct.pack("<6sHHBBB", b"GIF89a", 1, 1, 0x80, 0, 0) + bytes(6)
    return screen + struct.pack("<BHHHHB", 0x2C, 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\x00\x3b"


def _jpeg2000() -> bytes:
    content = bytearray(encode(Image.new("L", (64, 64)), "JPEG2000", no_jp2=True))
    start = content.index(b"\xff\x51") + 6
    content[start : start + 8] = struct.pack(">II", SIDE, SIDE)  # the picture's size
    content[start + 16 : start + 24] = struct.pack(">II", SIDE, SIDE)  # its only tile's
    return bytes(content)


def _ico() -> bytes:
    png = _png(SIDE)
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(png), 22) + png


def _psd() -> bytes:
    header = struct.pack(">4sH6xHIIHHIIIH", b"8BPS", 1, 1, SIDE, SIDE, 8, 1, 0, 0, 0, 1)
    return header + struct.pack(">H", 2) * SIDE + bytes((129, 0)) * SIDE


def _avif() -> bytes:
    content = seeds()["AVIF RGB"]
    start = content.index(b"ispe") + 8
    return content[:start] + struct.pack(">II", SIDE, SIDE) + content[start + 8 :]


def _jpeg() -> bytes:
    content = bytearray(encode(noise_picture(1, (64, 48)), "JPEG"))
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = struct.pack(">HH", 65500, 65500)
    return bytes(content)


def _scans() -> bytes:
    content = encode(Image.new("RGB", (8000, 8000)), "JPEG", progressive=True)
    return content[:-2] + 2000 * content[content.rindex(b"\xff\xda") : -2] + content[-2:]


def _segments() -> bytes:
    content = encode(noise_picture(1), "JPEG")
    return content[:2] + 5_000_000 * b"\xff\xed\x00\x02" + content[2:]


def _qoi() -> bytes:
    """Runs of 62 pixels a byte, in a format that Pillow decodes in Python."""
    return struct.pack(">4sIIBB", b"qoif", 9000, 9000, 3, 0) + b"\xfd" * (9000 * 9000 // 62 + 1)


def _text() -> bytes:
    """A PNG with 60 MB of zeros packed into its comment, again and again."""
    png = encode(noise_picture(1))
    content = b"k\0\0" + zlib.compress(bytes(900_000), 9)
    chunk = struct.pack(">I", len(content)) + b"zTXt" + content + struct.pack(">I", zlib.crc32(b"zTXt" + content))
    return png[:33] + 5000 * chunk + png[33:]


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "PNG": lambda: _png(SIDE),
    "PNG text": _text,
    "TIFF": _tiff,
    "GIF": _gif,
    # Found by mutation: 1,454 bytes that claim 4,194,328 x 18 pixels and took 1.2 GB.
    "WEBP": (CORPUS / "wide.webp").read_bytes,
    "JPEG": _jpeg,
    "JPEG scans": _scans,
    "JPEG segments": _segments,
    "JPEG2000": _jpeg2000,
    "ICO": _ico,
    "PSD": _psd,
    "AVIF": _avif,
    "QOI": _qoi,
}


def main(names: Sequence[str]) -> None:
    for name in names or BOMBS:
        data = BOMBS[name]()
        forget_peak()
        before, started, said = peak(), time.perf_counter(), "read"
        try:
            read_picture(data, at_least=480)
        except PictureError as error:
            said = str(error)
        seconds = time.perf_counter() - started
        print(json.dumps([name, said, (peak() - before) >> 20, seconds]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
