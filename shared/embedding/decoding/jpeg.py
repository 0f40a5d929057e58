"""JPEG files whose end is missing: what is there is read, as long as it is nearly all of the picture."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageChops

from shared.embedding.decoding.limits import START_OF_SCAN

_END = b"\xff\xd9"

# Other bits for the decoder to go on with: where it has no need of any, the picture is the same.
_OTHER_BITS = bytes(range(1, 255)) * 4

_MOST_MISSING = 0.1
"""Share of the rows. Embeddings of pictures that lack more are those of other pictures; a warning would not do."""

_STRIP_ROWS = 256
_PROGRESSIVE = b"\xff\xc2"


def read_without_end(
    data: bytes, decode: Callable[[bytes], Image.Image], warn: Callable[[str], None]
) -> Image.Image | None:
    """A JPEG that decoding found cut short, by the same decoder; None where too much of it is missing."""
    if not _has_all_scans(data):
        return None
    picture, other = decode(data + _END), decode(data + _OTHER_BITS + _END)
    missing = picture.height - _first_difference(picture, other)
    if missing > _MOST_MISSING * picture.height:
        return None
    if missing:
        warn(f"its last {missing} of {picture.height} rows are missing: the file was cut short")
    return picture


def _first_difference(picture: Image.Image, other: Image.Image) -> int:
    """The first row in which they differ; their height where they don't."""
    for top in range(0, picture.height, _STRIP_ROWS):
        box = (0, top, picture.width, min(top + _STRIP_ROWS, picture.height))
        different = ImageChops.difference(picture.crop(box), other.crop(box)).getbbox()
        if different:
            return top + different[1]
    return picture.height


def _has_all_scans(data: bytes) -> bool:
    """Whether a progressive JPEG has begun to refine every coefficient to its last bit; true of others."""
    frame, position = _headers(data)
    if frame is None:
        return True
    components = {data[frame + 10 + 3 * index] for index in range(data[frame + 9])}
    missing = {(component, coefficient) for component in components for coefficient in range(64)}
    while position >= 0:
        count = data[position + 4] if position + 4 < len(data) else 0
        scanned = data[position + 5 : position + 5 + 2 * count : 2]
        spectrum = data[position + 5 + 2 * count : position + 8 + 2 * count]
        if len(spectrum) == 3 and spectrum[2] & 15 == 0:
            coefficients = range(spectrum[0], spectrum[1] + 1)
            missing -= {(component, coefficient) for component in scanned for coefficient in coefficients}
        position = data.find(START_OF_SCAN, position + 2)
    return not missing


def _headers(data: bytes) -> tuple[int | None, int]:
    """Where the frame of a progressive JPEG begins, None for others, and where its first scan does, or -1."""
    frame, position = None, 2
    while data[position : position + 1] == b"\xff" and position + 4 <= len(data):
        marker = data[position : position + 2]
        if marker == START_OF_SCAN:
            return frame, position
        frame = position if marker == _PROGRESSIVE else frame
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return frame, -1
