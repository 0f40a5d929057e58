"""Raw pictures of cameras: not developed here, but most hold the JPEG that the camera made of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from PIL import JpegImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

_LARGE_ENOUGH = 480
"""Pixels of the shorter side. Thumbnails of 160 x 120 are left alone: their embeddings are not those of the picture."""

_JPEG = re.compile(rb"\xff\xd8\xff[\xc4\xdb\xe0\xe1\xfe]")
_MOST_JPEGS = 64
ORIENTATION, _SENSOR = 274, frozenset({32803, 34892})  # colours as the sensor saw them, mosaic or not
_SUBFILE, _PHOTOMETRIC, _SUBFILES, _DNG = 254, 262, 330, 50706


def is_raw_tiff(data: bytes, tags: Directory) -> bool:
    """Whether the first picture of a TIFF is a sensor's, or the thumbnail of one."""
    thumbnail = bool(int(tags.get(_SUBFILE, 0)) & 1) and _SUBFILES in tags
    return data[8:10] == b"CR" or tags.get(_PHOTOMETRIC) in _SENSOR or _DNG in tags or thumbnail


def previews(data: bytes) -> Iterator[bytes]:
    """The JPEGs in a raw file that are large enough to stand for it, the largest first, each as a file of its own."""
    for side, start in sorted(_jpegs(data), reverse=True):
        if side >= _LARGE_ENOUGH:
            yield data[start:]


def orientation(tags: Directory | None) -> int:
    """Which way is up, for a preview that does not say so itself."""
    return int(tags.get(ORIENTATION, 1)) if tags else 1


def _jpegs(data: bytes) -> Iterator[tuple[int, int]]:
    """The shorter side of each JPEG within, and where it begins."""
    for count, match in enumerate(_JPEG.finditer(data)):
        if count >= _MOST_JPEGS:
            return
        try:
            with JpegImagePlugin.JpegImageFile(io.BytesIO(data[match.start() : match.start() + (1 << 16)])) as opened:
                if _is_ordinary(opened):
                    yield min(opened.size), match.start()
        except Exception:  # noqa: S112 - bytes that look like a JPEG's beginning by chance
            continue


def _is_ordinary(opened: JpegImagePlugin.JpegImageFile) -> bool:
    """Sensors' data are often packed as JPEG too: lossless, and of one or two components."""
    return opened.mode == "RGB"
