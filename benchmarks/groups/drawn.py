"""Labelled pictures that need no download: details of photographs, handwritten digits, shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from sklearn.datasets import load_digits

_SEED = 1
_SIDE = 240
_SHAPES_OF_A_KIND = 35


def details(photographs: Sequence[Image.Image], size: float) -> Iterator[tuple[str, Image.Image]]:
    """Squares cut out of each photograph, in other light and sharpness; size: of its shorter side, about."""
    chance = np.random.default_rng(_SEED)
    for number, photograph in enumerate(photographs):
        shorter = min(photograph.size)
        for _ in range(chance.integers(8, 25)):
            side = min(shorter, shorter * size * chance.uniform(0.8, 1.6))
            left, top = (chance.uniform(0, length - side) for length in photograph.size)
            detail = photograph.resize((_SIDE, _SIDE), box=(left, top, left + side, top + side))
            detail = ImageEnhance.Brightness(detail).enhance(chance.uniform(0.6, 1.4))
            detail = ImageEnhance.Color(detail).enhance(chance.uniform(0.6, 1.4))
            if chance.random() < 0.4:
                detail = detail.filter(ImageFilter.GaussianBlur(chance.uniform(0.5, 3)))
            yield f"photograph-{number:02}", detail


def digits() -> Iterator[tuple[str, Image.Image]]:
    """Handwritten digits, 8 x 8 pixels enlarged, grouped by digit."""
    pixels, digit = load_digits(return_X_y=True)
    for picture, label in zip((255 - 15.9 * pixels).astype(np.uint8).reshape(-1, 8, 8), digit, strict=True):
        yield str(label), Image.fromarray(picture).resize((_SIDE, _SIDE)).convert("RGB")


def shapes() -> Iterator[tuple[str, Image.Image]]:
    """Discs, triangles, stars, stripes and frames of any colour, place and turn; alone or several to a picture."""
    chance = np.random.default_rng(_SEED)
    for kind in ("disc", "triangle", "star", "stripes", "frame"):
        for count in (1, 3):
            for _ in range(_SHAPES_OF_A_KIND):
                yield f"{kind}-{count}", _scene(chance, kind, count)


def _scene(chance: np.random.Generator, kind: str, count: int) -> Image.Image:
    light = chance.uniform(-30, 30) * np.linspace(-1, 1, _SIDE)[:, None, None]
    ground = chance.integers(60, 200, 3) + light + chance.normal(0, 18, (_SIDE, _SIDE, 1))
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    for _ in range(count):
        red, green, blue = (int(value) for value in chance.integers(0, 256, 3))
        x, y = chance.uniform(70, _SIDE - 70, 2)
        _shape(ImageDraw.Draw(picture), kind, (x, y), chance.uniform(30, 65), chance.uniform(0, 2), (red, green, blue))
    return picture


def _shape(
    draw: ImageDraw.ImageDraw,
    kind: str,
    centre: tuple[float, float],
    size: float,
    turn: float,
    colour: tuple[int, int, int],
) -> None:
    x, y = centre
    box = (x - size, y - size, x + size, y + size)
    match kind:
        case "disc":
            draw.ellipse(box, fill=colour)
        case "frame":
            draw.rectangle(box, outline=colour, width=9)
        case "stripes":
            for height in np.arange(y - size, y + size, 12):
                draw.line((x - size, height, x + size, height), fill=colour, width=5)
        case _:
            corners, step = (3, 1) if kind == "triangle" else (5, 2)
            angles = (turn + 2 * math.pi * step * corner / corners for corner in range(corners))
            draw.polygon([(x + size * math.cos(angle), y + size * math.sin(angle)) for angle in angles], fill=colour)
