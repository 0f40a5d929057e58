"""Books as solids: lying closed, lying open, or standing with the spine to the front."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from . import covers, pages
from .covers import Binding
from .geometry import Part, box, place, rotation, surface
from .material import Material, Texture
from .noise import Floats, value_noise
from .surfaces import DYES, pick, vary

BOARD = 0.28
# Half the curve of a spine, from one board to the other, as (along the thickness, outwards).
SPINE_TEXELS_PER_CM = 18


@dataclass(frozen=True)
class Format:
    """A book's measures in centimetres: width of the cover, height, thickness."""

    width: float
    height: float
    thickness: float

    @classmethod
    def draw(cls, rng: Generator) -> "Format":
        """A paperback, a novel, a quarto or a landscape album."""
        width = float(rng.uniform(11, 21))
        return cls(width, width * float(rng.choice([1.2, 1.33, 1.42, 1.5, 1.6])), float(rng.uniform(1.2, 5)))


def round_spine(size: Format, material: Material, bulge: float) -> Part:
    """The spine along x = 0 from z = 0 to the thickness, bulging towards -x."""
    turn = np.linspace(0, np.pi, 9)
    x, z = -bulge * np.sin(turn), size.thickness * (0.5 + 0.5 * np.cos(turn))
    y = np.array([size.height / 2, -size.height / 2])
    grid = np.stack([np.broadcast_to(x, (2, 9)), np.broadcast_to(y[:, None], (2, 9)), np.broadcast_to(z, (2, 9))], 2)
    return surface(grid, material)


def closed_book(rng: Generator, size: Format, design: Binding | None = None) -> list[Part]:
    """A book lying on z = 0 with its front up, its spine to the left, the top of the cover towards +y."""
    design = design or covers.binding(rng)
    soft = rng.random() < 0.35
    gloss = 0.0 if design.fabric else float(rng.uniform(0.02, 0.06))
    w, h, t = size.width, size.height, size.thickness
    board = 0.06 if soft else BOARD
    inset = 0.03 if soft else 0.35
    plain = Material(Texture.of(covers.base(rng, design, (120, 180))), gloss, 50)
    front = Material(Texture.of(covers.front(rng, design, h / w)), gloss, 50)
    spine = Material(Texture.of(covers.spine(rng, design, (max(12, round(t * 22)), round(h * 22)))), gloss, 50)
    paper = vary(rng, pick(rng, pages.PAPERS), 0.03)
    edge = Material(Texture.of(pages.edges(rng, paper)))
    block = place(box((w - inset, h - 2 * inset, t - 2 * board), edge), (-inset / 2, 0, board))
    lower = box((w, h, board), plain)
    upper = place(box((w, h, board), plain, {"top": front}), (float(rng.normal(0, 0.1)), 0, t - board))
    back = round_spine(size, spine, 0.08 * t if soft else float(rng.uniform(0.1, 0.35)) * t).moved((-w / 2, 0, 0))
    return [*block, *lower, *upper, back]


def standing_book(rng: Generator, size: Format, design: Binding) -> list[Part]:
    """A book upright on z = 0 between x = 0 and its thickness, its spine on y = 0 facing -y."""
    w, h, t = size.width, size.height, size.thickness
    pixels = (max(10, round(t * SPINE_TEXELS_PER_CM)), round(h * SPINE_TEXELS_PER_CM))
    gloss = 0.0 if design.fabric else 0.04
    spine = Material(Texture.of(covers.spine(rng, design, pixels)), gloss, 60)
    sides = Material(Texture.plain(design.colour), gloss, 60)
    edge = Material(Texture.of(pages.edges(rng, vary(rng, pick(rng, pages.PAPERS), 0.03), (60, 60))))
    body = place(box((t, w, h), sides, {"top": edge, "back": edge}), (t / 2, w / 2, 0))
    bulge = float(rng.uniform(0.05, 0.3)) * t
    turn = np.linspace(np.pi, 0, 7)
    x, y = t * (0.5 + 0.5 * np.cos(turn)), -bulge * np.sin(turn)
    grid = np.stack([np.broadcast_to(x, (2, 7)), np.broadcast_to(y, (2, 7)), np.repeat([[h], [0.0]], 7, 1)], 2)
    return [*body, surface(grid, spine)]


def _leaf_curve(thickness: float, width: float, gutter: float, hump: float) -> tuple[Floats, Floats]:
    """Points (x, z) of an open page from the gutter outwards, evenly spaced along the paper."""
    s = np.linspace(0, 1, 200)
    z = (
        gutter
        + (thickness - gutter) * (1 - np.exp(-s / 0.055))
        + hump * np.exp(-(((s - 0.24) / 0.2) ** 2))
        - hump * 0.3 * s**2
    )
    x = s * width
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    even = np.linspace(0, length[-1], 30)
    return np.interp(even, length, x), np.interp(even, length, z)


def open_book(rng: Generator, size: Format, printing: int) -> list[Part]:
    """A book lying open on z = 0, its gutter along y, the top of its pages towards +y; `printing` picks the layout."""
    width, height = size.width, size.height
    design = pages.design(rng, height / width, printing)
    share = float(rng.uniform(0.2, 0.8))
    total = size.thickness
    gutter = BOARD + 0.1 + 0.25 * total * min(share, 1 - share)
    hump = float(rng.uniform(0.15, 0.9))
    number = int(rng.integers(8, 400)) // 2 * 2
    edge = Material(Texture.of(pages.edges(rng, design.paper)))
    gloss = float(rng.choice([0.0, 0.0, 0.015, 0.03]))
    cover = Material(Texture.plain(vary(rng, pick(rng, DYES))), 0.03, 30)
    parts = box((2 * width + 1.0, height + 0.8, BOARD), cover)
    for side, thickness in ((-1, total * share), (1, total * (1 - share))):
        printed = Material(Texture.of(pages.page(rng, design, number + (side > 0))), gloss, 25)
        x, z = _leaf_curve(thickness + BOARD, width, gutter, hump)
        order = slice(None, None, side)
        parts += _half(rng, (x[order] * side, z[order]), height, printed, edge)
        if rng.random() < 0.35:
            parts.append(_lifted_leaf(rng, side, (width, height), float(z[3]), design, number + 2 * side))
    if rng.random() < 0.3:
        parts.append(_ribbon(rng, height, max(gutter, BOARD) + 0.3))
    return parts


def _half(rng: Generator, curve: tuple[Floats, Floats], height: float, printed: Material, edge: Material) -> list[Part]:
    """One side of an open book: the page on top and the three visible edges of the block under it."""
    x, z = curve
    y = np.linspace(height / 2, -height / 2, 9)
    outward = np.abs(x) / np.abs(x).max()
    wave = value_noise(rng, (9, len(x)), (3, 4)) * 0.12 * outward
    lift = float(rng.uniform(0, 0.8)) * outward**4 * np.clip(-y / height * 2, 0, 1)[:, None] ** 2
    heights = z[None, :] + wave + lift
    sheet = np.stack([np.broadcast_to(x, heights.shape), np.broadcast_to(y[:, None], heights.shape), heights], 2)
    outer = 0 if abs(x[0]) > abs(x[-1]) else -1
    fore = sheet[:, outer]
    flare = np.array([np.sign(x[outer]) * 0.35, 0, 0])
    foot = fore * np.array([1, 1, 0]) + flare + np.array([0, 0, BOARD])
    parts = [surface(sheet, printed), surface(np.stack([fore, foot]), edge)]
    for row in (0, -1):
        top = sheet[row]
        below = top * np.array([1, 1, 0]) + flare * outward[:, None] + np.array([0, 0, BOARD])
        parts.append(surface(np.stack([top, below]), edge))
    return parts


def _lifted_leaf(
    rng: Generator, side: int, size: tuple[float, float], start: float, design: pages.Design, number: int
) -> Part:
    """A leaf that has not settled: it rises from the gutter and bends back down."""
    width, height = size
    bend = np.radians(np.linspace(rng.uniform(18, 75), rng.uniform(-8, 8), 24))
    step = width / 24
    x = np.concatenate([[0.4], 0.4 + np.cumsum(np.cos(bend)) * step]) * side
    z = np.concatenate([[start], start + np.cumsum(np.sin(bend)) * step])
    x, z = x[::side], z[::side]
    y = np.array([height / 2, -height / 2])
    twist = np.array([[0.0], [rng.uniform(-0.1, 0.1)]]) * np.abs(x)
    grid = np.stack(
        [
            np.broadcast_to(x, (2, 25)),
            np.broadcast_to(y[:, None], (2, 25)),
            np.broadcast_to(z, (2, 25)) + np.maximum(twist, 0),
        ],
        2,
    )
    return surface(grid, Material(Texture.of(pages.page(rng, design, number))))


def _ribbon(rng: Generator, height: float, level: float) -> Part:
    """A marker lying in the gutter and over the lower edge."""
    y = np.concatenate([np.linspace(height / 2, -height / 2, 12), -height / 2 - np.linspace(0.3, 3.5, 8)])
    fall = np.clip((-height / 2 - y) / 1.5, 0, 1)
    z = level * (1 - fall) + 0.1 * fall
    x = np.cumsum(rng.normal(0, 0.06, len(y)))
    grid = np.stack([np.stack([x - 0.35, x + 0.35], 1), np.stack([y, y], 1), np.stack([z, z], 1)], 2)
    return surface(grid, Material(Texture.plain(vary(rng, pick(rng, DYES))), 0.03, 20))


def leaning(parts: list[Part], degrees: float) -> list[Part]:
    """Standing parts tilted about the y axis through the origin; positive leans to the right."""
    return [part.turned(rotation("y", degrees)) for part in parts]
