"""What a surface looks like: a picture wrapped around it, and how it shines."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from .noise import Floats

# sRGB's transfer curve is close enough to a power for pictures that get sensor noise and a film curve anyway.
GAMMA = 2.2


def linear(srgb: Floats) -> Floats:
    """sRGB values between 0 and 1 as linear light."""
    return np.power(np.clip(srgb, 0, 1), GAMMA).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Texture:
    """An sRGB picture, (h, w, 3) between 0 and 1, with its mip pyramid in linear light."""

    srgb: Floats

    @classmethod
    def of(cls, picture: Image.Image) -> "Texture":
        """The texture that shows a Pillow picture."""
        return cls(np.asarray(picture.convert("RGB"), np.float32) / 255)

    @classmethod
    def plain(cls, colour: tuple[float, float, float]) -> "Texture":
        """One sRGB colour everywhere."""
        return cls(np.array(colour, np.float32).reshape(1, 1, 3))

    @cached_property
    def levels(self) -> list[Floats]:
        """The picture, then halves of it, down to a pixel or two."""
        levels = [linear(self.srgb)]
        while min(levels[-1].shape[:2]) > 1:
            big = levels[-1]
            even = big[: big.shape[0] // 2 * 2, : big.shape[1] // 2 * 2]
            levels.append((even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4)
        return levels

    def sample(self, uv: Floats, level: int) -> Floats:
        """Bilinear colours (n, 3) at `uv` (n, 2): (0, 0) is the picture's top left, (1, 1) its bottom right."""
        picture = self.levels[min(level, len(self.levels) - 1)]
        height, width = picture.shape[:2]
        x = np.clip(uv[:, 0] * width - 0.5, 0, width - 1)
        y = np.clip(uv[:, 1] * height - 0.5, 0, height - 1)
        left, top = x.astype(np.int32), y.astype(np.int32)
        right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        fx, fy = (x - left)[:, None], (y - top)[:, None]
        upper = picture[top, left] * (1 - fx) + picture[top, right] * fx
        lower = picture[bottom, left] * (1 - fx) + picture[bottom, right] * fx
        return upper * (1 - fy) + lower * fy


@dataclass(frozen=True, eq=False)
class Material:
    """A texture with its shine.

    `gloss` is the reflectance facing the viewer (0 paper, 0.04 varnish, 0.3 metal), `sharpness` the Blinn-Phong
    exponent, `glow` the light it gives off by itself, as a share of its colour.
    """

    texture: Texture
    gloss: float = 0.0
    sharpness: float = 40.0
    glow: float = 0.0


def matte(red: float, green: float, blue: float) -> Material:
    """A dull material of one sRGB colour."""
    return Material(Texture.plain((red, green, blue)))


def shiny(red: float, green: float, blue: float, gloss: float = 0.05, sharpness: float = 80.0) -> Material:
    """A polished material of one sRGB colour."""
    return Material(Texture.plain((red, green, blue)), gloss, sharpness)
