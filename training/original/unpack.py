"""The bytes of a file that may be compressed, within bounds: what a file unpacks to is not its sender's to decide."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from shared.errors import UserError

MAX_BYTES = 2 << 30
"""Packed or unpacked. 20,000 core samples of 25,088 float32 numbers; the original would need seconds a picture."""

# The original's embeddings of 14 photographs are packed to an eighth of their size (zlib), a tenth (bz2, lzma), to a
# twentieth as float64; only with each of them eight times over to a 68th. A large file that holds more is not a model.
_MAX_RATIO = 40
_ANY_RATIO_BYTES = 256 << 20

_PIECE = 1 << 20


class RefusedError(UserError):
    """A file that will not be read. The message names the file and what is wrong with it."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS  # tells the two apart by their headers
_LZMA_MEMORY = 128 << 20  # the strongest preset needs 65 MiB to unpack; a header may claim 4 GiB
_FORMATS: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    (b"\x78", lambda: zlib.decompressobj(_ZLIB_OR_GZIP)),
    (b"\x1f\x8b", lambda: zlib.decompressobj(_ZLIB_OR_GZIP)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)),
    (b"\x5d\x00", lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)),
)
"""What joblib.dump(compress=...) writes, by the first bytes. No pickle begins with any of them."""

_REFUSED = ((b"\x04\x22\x4d\x18", "lz4"), (b"ZF", "the format of joblib before 0.10"))


def read_unpacked(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Read a file, unpacking zlib, gzip, bz2, xz or lzma.

    Raises RefusedError when it is, or unpacks to, more than `max_bytes`, or is damaged, or packed another way; OSError.
    """
    if path.stat().st_size > max_bytes:
        raise RefusedError(f"{path} is larger than {max_bytes:,} bytes: not loaded")
    content = path.read_bytes()
    for magic, name in _REFUSED:
        if content.startswith(magic):
            raise RefusedError(f"{path} is packed with {name}, which is not read: save it with joblib.dump(compress=3)")
    for magic, decompressor in _FORMATS:
        if content.startswith(magic):
            return _unpack(content, decompressor(), path, max_bytes)
    return content


def _unpack(content: bytes, decompressor: _Decompressor, path: Path, max_bytes: int) -> bytes:
    allowed = min(max_bytes, max(_ANY_RATIO_BYTES, _MAX_RATIO * len(content)))
    unpacked = io.BytesIO()
    try:
        for piece in _pieces(content, decompressor):
            unpacked.write(piece)
            if unpacked.tell() > allowed:
                raise RefusedError(f"{path} unpacks to more than {allowed:,} bytes: not loaded")
    except (zlib.error, lzma.LZMAError, OSError) as error:
        raise RefusedError(f"{path} is a damaged compressed file: {error}") from None
    if not decompressor.eof:
        raise RefusedError(f"{path} is a compressed file that ends too early: copy it again")
    return unpacked.getvalue()


def _pieces(content: bytes, decompressor: _Decompressor) -> Iterator[bytes]:
    """What a file unpacks to, never more than a piece of it at a time."""
    for start in range(0, len(content), _PIECE):
        packed = content[start : start + _PIECE]
        while not decompressor.eof:
            piece = decompressor.decompress(packed, _PIECE)
            yield piece
            # zlib hands back what it has not read yet, the others keep it.
            packed = getattr(decompressor, "unconsumed_tail", b"")
            if not packed and len(piece) < _PIECE:
                break
