"""Numbers of any kind to 8-bit RGB: ranges, colour models, transparency. Formats say what their numbers mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.lab import lab_to_rgb
from shared.embedding.decoding.numbers import Kind, Numbers

type Unit = NDArray[np.float32]
"""Samples of which 0 and 1 are the ends of the range, shape (rows, width, channels)."""

Model = Literal["grey", "rgb", "cmyk", "lab", "palette"]
Alpha = Literal["none", "straight", "premultiplied"]

CHANNELS: dict[Model, int] = {"grey": 1, "rgb": 3, "cmyk": 4, "lab": 3, "palette": 1}

# Files of 32 bits rarely use their whole range, and floats have none: what most of the numbers fit into counts.
_USUAL_WHITES = {"unsigned": (255.0, 65535.0), "signed": (255.0, 65535.0), "float": (1.0, 255.0, 65535.0)}
_MOST = (5.0, 95.0)  # percentiles: highlights beyond white are usual, and so are holes of any value
_STRETCHED = (0.5, 99.5)
_LOOKED_AT = 4096  # numbers of each window of rows


@dataclass(frozen=True, slots=True)
class Samples:
    """A picture as numbers. What is black and what is white follows from the depth, not from what the picture shows."""

    width: int
    height: int
    windows: Callable[[], Iterator[tuple[int, Numbers]]]
    """Gives, as often as it is called, the picture from the top down: each window's first row and its numbers."""
    model: Model
    bits: int
    kind: Kind
    alpha: Alpha = "none"
    inverted: bool = False
    """Whether the largest number of a grey or CMYK picture is black, or no ink."""
    offset_lab: bool = False
    """Whether a and b are stored with half the range added, not signed."""
    palette: NDArray[np.uint8] | None = None
    """Shape (colours, 3)."""


def to_picture(samples: Samples) -> Image.Image:
    """An RGB picture, transparency on white. Raises PictureError where the numbers can't be shown faithfully."""
    picture = Image.new("RGB", (samples.width, samples.height))
    black, white = (0.0, 1.0) if samples.model in {"palette", "lab"} else _range(samples)
    for top, numbers in samples.windows():
        rgb = _palette(samples, numbers) if samples.model == "palette" else _rgb(samples, numbers, black, white)
        picture.paste(Image.fromarray(rgb), (0, top))
    return picture


def _rgb(samples: Samples, numbers: Numbers, black: float, white: float) -> NDArray[np.uint8]:
    channels = CHANNELS[samples.model]
    if samples.model == "lab":
        colours = lab_to_rgb(numbers[..., :3], samples.bits, offset=samples.offset_lab)
    else:
        units = _units(numbers[..., :channels], black, white)
        units = 1 - units if samples.inverted else units
        if samples.model == "cmyk":
            units = (1 - units[..., :3]) * (1 - units[..., 3:])
        colours = np.broadcast_to(units, (*units.shape[:2], 3))
    if samples.alpha != "none":
        alpha = _units(numbers[..., channels : channels + 1], *_whole_range(samples))
        colours = (colours if samples.alpha == "premultiplied" else colours * alpha) + (1 - alpha)
    return (np.clip(colours, 0, 1) * 255).round().astype(np.uint8)


def _units(numbers: Numbers, black: float, white: float) -> Unit:
    # Beyond 24 bits a float32 could not tell numbers apart.
    wide = numbers.astype(np.float32) if numbers.dtype.itemsize <= 2 else _floats(numbers)
    finite = np.nan_to_num(wide, nan=black, posinf=white, neginf=black)
    return np.clip((finite - black) / (white - black), 0, 1).astype(np.float32)


def _palette(samples: Samples, numbers: Numbers) -> NDArray[np.uint8]:
    colours = samples.palette
    if colours is None or int(numbers[..., 0].max(initial=0)) >= len(colours):
        raise PictureError("it uses colours that its palette does not have")
    return colours[numbers[..., 0].astype(np.intp)]


def _range(samples: Samples) -> tuple[float, float]:
    """The numbers that mean black and white."""
    if samples.kind != "float" and samples.bits < 32:
        return _whole_range(samples)
    channels = CHANNELS[samples.model]
    looked_at = np.concatenate([_some(numbers[..., :channels]) for _, numbers in samples.windows()] or [np.zeros(0)])
    if not len(looked_at):
        return 0.0, 1.0
    low, high = np.percentile(looked_at, _MOST)
    for white in _USUAL_WHITES[samples.kind]:
        if low >= 0 and high <= white:
            return 0.0, white
    if samples.kind != "float":
        return _whole_range(samples)
    low, high = np.percentile(looked_at, _STRETCHED)
    return float(low), float(high if high > low else low + 1)


def _some(numbers: Numbers) -> NDArray[np.float64]:
    flat = numbers.reshape(-1)
    some = _floats(flat[:: max(1, len(flat) // _LOOKED_AT)])
    return some[np.isfinite(some)]


def _floats(numbers: Numbers) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # signalling NaNs
        return numbers.astype(np.float64)


def _whole_range(samples: Samples) -> tuple[float, float]:
    if samples.kind == "float":
        return 0.0, 1.0
    if samples.kind == "signed":
        return -(2.0 ** (samples.bits - 1)), 2.0 ** (samples.bits - 1) - 1
    return 0.0, 2.0**samples.bits - 1
