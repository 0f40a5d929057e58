"""What Pillow has decoded, in any of its modes, to RGB; transparency on white."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from shared.embedding.decoding.lab import lab_image_to_rgb
from shared.embedding.decoding.numbers import Kind, Numbers
from shared.embedding.decoding.samples import Samples, to_picture

_STRIP_PIXELS = 1 << 18
"""Colours are converted in strips of about this many pixels, so that only one copy of a large picture is in memory."""

_DEEP: dict[str, tuple[int, Kind]] = {
    **dict.fromkeys(("I;16", "I;16L", "I;16B", "I;16N"), (16, "unsigned")),
    "I": (32, "signed"),
    "F": (32, "float"),
}

_WITHOUT_RANGE = frozenset({"SPIDER", "GBR", "MCIDAS"})
"""Formats of measurements, whose depth does not say what is white."""


def to_rgb(picture: Image.Image) -> Image.Image:
    """The picture as RGB. What its file says, such as which way is up, stays."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode in _DEEP:
        converted = to_picture(_deep(picture, *_DEEP[picture.mode]))
    else:
        converted = _by_strips(picture, _conversion(picture))
    converted.info.update(picture.info)
    return converted


def _conversion(picture: Image.Image) -> Callable[[Image.Image], Image.Image]:
    if picture.has_transparency_data:
        return _on_white
    return lab_image_to_rgb if picture.mode == "LAB" else lambda strip: strip.convert("RGB")


def _on_white(strip: Image.Image) -> Image.Image:
    white = Image.new("RGBA", strip.size, "white")
    white.alpha_composite(strip.convert("RGBA"))
    return white.convert("RGB")


def _by_strips(picture: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    converted = Image.new("RGB", picture.size)
    for top, strip in _strips(picture):
        converted.paste(convert(strip), (0, top))
    return converted


def _strips(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield top, picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _deep(picture: Image.Image, bits: int, kind: Kind) -> Samples:
    """Greys of 16 and 32 bits. Pillow's own convert() clips at 255 and leaves a white square."""
    if getattr(picture, "format", None) in _WITHOUT_RANGE:
        bits, kind = 32, "float"

    def windows() -> Iterator[tuple[int, Numbers]]:
        for top, strip in _strips(picture):
            yield top, np.asarray(strip)[..., None]

    return Samples(picture.width, picture.height, windows, "grey", bits, kind)
