"""A blob's bytes to what a skillset starts from: text and normalized images, as the service's document cracking makes.

https://learn.microsoft.com/azure/search/cognitive-search-concept-image-scenarios#about-normalized-images. Pictures and
plain text only: this stand-in does not open PDF or Office files.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps

from shared.embedding.images import PictureError, read_picture

PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF")
MAX_SIDE = 2000
"""Pixels: the service's default for normalizedImageMaxWidth and normalizedImageMaxHeight."""

# Not documented. High enough that recompression costs a picture little, as observed of the service's output.
_QUALITY = 90
_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff")
# Counter-clockwise degrees that put a picture of this EXIF orientation upright.
_ROTATIONS = {3: 180, 4: 180, 5: 270, 6: 270, 7: 90, 8: 90}
_ORIENTATION_TAG = 0x0112


class UnsupportedContentError(Exception):
    """The service would not know this kind of file, or this stand-in does not."""


class UnprocessableError(Exception):
    """A file of a known kind that can't be read."""


@dataclass(frozen=True, slots=True)
class Cracked:
    """What document cracking finds in a blob."""

    content: str
    normalized_images: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def crack(name: str, content_type: str, data: bytes, largest: tuple[int, int] = (MAX_SIDE, MAX_SIDE)) -> Cracked:
    """`largest` is the width and height that pictures are scaled down to.

    Raises UnsupportedContentError, UnprocessableError.
    """
    if content_type.startswith("text/"):
        return Cracked(data.decode("utf-8", errors="replace"))
    is_picture = name.lower().endswith(_PICTURE_SUFFIXES)
    try:
        with Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as opened:
            orientation = opened.getexif().get(_ORIENTATION_TAG, 1)
            original = opened.size
    except Exception as error:  # Pillow's parsers raise whatever broken bytes lead them into
        if is_picture:
            raise UnprocessableError("Document could not be processed: it is damaged or no picture.") from error
        raise UnsupportedContentError(f"Document has unsupported content type '{content_type}'") from error
    try:
        upright = read_picture(data)
    except PictureError as error:
        raise UnprocessableError(f"Document could not be processed: {error}.") from error
    return Cracked("", [_normalized(upright, original, int(orientation), largest)])


def _normalized(
    upright: Image.Image, original: tuple[int, int], orientation: int, largest: tuple[int, int]
) -> dict[str, Any]:
    fits = upright.width <= largest[0] and upright.height <= largest[1]
    small = upright if fits else ImageOps.contain(upright, largest)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY)
    return {
        "$type": "file",
        "data": base64.b64encode(buffer.getvalue()).decode(),
        "width": small.width,
        "height": small.height,
        "originalWidth": original[0],
        "originalHeight": original[1],
        "rotationFromOriginal": _ROTATIONS.get(orientation, 0),
        "contentOffset": 0,
        "pageNumber": 0,
    }
