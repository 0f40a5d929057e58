"""Tables and walls: wood, cloth, stone, leather, carpet, plaster, paper and brick, all from noise."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from .noise import Floats, Shape, fbm, smoothstep, speckle, value_noise

type Colour = tuple[float, float, float]

SIZE = (1500, 1500)

# The same tones serve tables, covers and walls in every kind of picture: colour must not give the kind away.
WOODS: tuple[Colour, ...] = (
    (0.62, 0.43, 0.27), (0.38, 0.24, 0.15), (0.74, 0.58, 0.40), (0.50, 0.31, 0.19), (0.82, 0.72, 0.58),
    (0.24, 0.17, 0.13),
)  # fmt: skip
DYES: tuple[Colour, ...] = (
    (0.55, 0.14, 0.13), (0.13, 0.22, 0.40), (0.15, 0.34, 0.25), (0.72, 0.56, 0.24), (0.30, 0.30, 0.32),
    (0.85, 0.82, 0.76), (0.36, 0.19, 0.32), (0.20, 0.42, 0.48), (0.78, 0.40, 0.22), (0.12, 0.12, 0.14),
    (0.58, 0.66, 0.60), (0.70, 0.50, 0.50), (0.45, 0.36, 0.26), (0.93, 0.91, 0.88), (0.33, 0.45, 0.62),
    (0.62, 0.58, 0.30),
)  # fmt: skip
PAINTS: tuple[Colour, ...] = (
    (0.88, 0.87, 0.84), (0.78, 0.80, 0.82), (0.70, 0.74, 0.68), (0.84, 0.76, 0.66), (0.58, 0.64, 0.70),
    (0.66, 0.52, 0.44), (0.40, 0.44, 0.46), (0.90, 0.86, 0.76),
)  # fmt: skip
MUTED: tuple[Colour, ...] = tuple((0.5 * r + 0.18, 0.5 * g + 0.17, 0.5 * b + 0.15) for r, g, b in DYES)


def pick[T](rng: Generator, choices: tuple[T, ...]) -> T:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def vary(rng: Generator, colour: Colour, spread: float = 0.05) -> Colour:
    """The colour, a little lighter or darker and a little off in hue."""
    r, g, b = np.clip(
        np.array(colour) * rng.uniform(1 - spread * 2, 1 + spread * 2) + rng.normal(0, spread / 3, 3), 0, 1
    )
    return float(r), float(g), float(b)


def tinted(colour: Colour, shade: Floats) -> Floats:
    """An (h, w, 3) picture of one colour times an (h, w) shade."""
    return np.clip(np.array(colour, np.float32) * shade[..., None], 0, 1).astype(np.float32)


def wood(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None, planks: int | None = None) -> Floats:
    """Boards with growth rings and pores; the grain runs across the picture."""
    height, width = shape
    tone = vary(rng, tone or pick(rng, WOODS))
    count = int(rng.integers(1, 9)) if planks is None else planks
    y = np.mgrid[0:height, 0:width][0].astype(np.float32)
    board = np.minimum((y * count / height).astype(np.int32), count - 1)
    shift = rng.uniform(0, 40, count).astype(np.float32)[board]
    bend = fbm(rng, shape, (4, 1.5), 4)
    rings = y / height * rng.uniform(8, 22) + shift + bend * rng.uniform(0.7, 2.2)
    growth = np.abs((rings % 1) - 0.35) ** 0.7
    fibres = value_noise(rng, shape, (height / 2, 14)) * 0.5 + value_noise(rng, shape, (height / 5, 6)) * 0.5
    contrast = float(rng.uniform(0.12, 0.4))
    shade = 1 + contrast * (growth - 0.5) + 0.11 * fibres + 0.08 * fbm(rng, shape, (3, 3), 4)
    shade *= (1 + rng.uniform(-0.13, 0.13, count)).astype(np.float32)[board]
    if count > 1:
        edge = np.abs((y * count / height + 0.5) % 1 - 0.5) * height / count
        shade *= 0.35 + 0.65 * smoothstep(0.8, 3.5, edge)
    picture = tinted(tone, shade)
    # Dark grain is redder than light grain.
    return picture * (1 + (shade[..., None] - 1) * np.array([-0.10, 0.0, 0.14]))


def woven(rng: Generator, shape: Shape) -> tuple[Floats, Floats]:
    """The shade of a plain weave about 1, and how far its threads sway sideways, in pixels."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    thread = rng.uniform(2.6, 4.2)
    sway = fbm(rng, shape, (6, 6), 3) * 3
    weave = np.sin((x + sway) * 2 * np.pi / thread) * np.sin((y + sway) * 2 * np.pi / thread)
    return 1 + 0.07 * weave + 0.10 * fbm(rng, shape, (5, 5), 5) + speckle(rng, shape, 0.03), sway


def linen(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Plain cloth, as on tables and on the boards of books."""
    return tinted(vary(rng, tone or pick(rng, MUTED)), woven(rng, shape)[0])


def cloth(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Cloth with faded stripes or checks."""
    shade, sway = woven(rng, shape)
    ground = np.array(vary(rng, tone or pick(rng, MUTED)), np.float32)
    other = np.array(vary(rng, pick(rng, MUTED)), np.float32)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    band = rng.uniform(50, 140)
    pattern = ((x + sway) / band % 1 < rng.uniform(0.15, 0.5)) * 0.4
    if rng.random() < 0.5:
        pattern = ((x + sway) / band % 1 < 0.5) * 0.2 + ((y + sway) / band % 1 < 0.5) * 0.2
    colour = ground + (other - ground) * pattern[..., None]
    return np.clip(colour * shade[..., None], 0, 1).astype(np.float32)


def stone(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Veined marble or speckled granite."""
    tone = vary(rng, tone or pick(rng, (*PAINTS, (0.25, 0.25, 0.27))))
    cloudy = 0.05 * fbm(rng, shape, (4, 4), 6, 0.6)
    if rng.random() < 0.5:
        shade = 1 + cloudy
        for scale, strength in ((2, 0.3), (5, 0.14)):
            warp = fbm(rng, shape, (scale, scale), 7, 0.55)
            distance = np.abs(warp + 0.4 * value_noise(rng, shape, (scale * 2, scale)))
            # Veins swell and fade along their way.
            presence = smoothstep(-0.3, 0.9, fbm(rng, shape, (scale * 2, scale * 2), 4))
            shade -= strength * presence * (np.exp(-distance * 60) + 0.4 * np.exp(-distance * 9))
        return tinted(tone, shade)
    flecks = sum(
        weight * value_noise(rng, shape, (shape[0] / size, shape[1] / size))
        for size, weight in ((2, 0.10), (4, 0.10), (9, 0.05))
    )
    return tinted(tone, 1 + flecks + cloudy)


def leather(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Grained hide."""
    tone = vary(rng, tone or pick(rng, MUTED))
    pores = np.abs(value_noise(rng, shape, (shape[0] / 3, shape[1] / 3)))
    return tinted(tone, 0.94 + 0.14 * pores + 0.12 * fbm(rng, shape, (4, 4), 6) + speckle(rng, shape, 0.02))


def carpet(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Tufted wool, or grass if the tone is green."""
    tone = vary(rng, tone or pick(rng, DYES))
    tufts = (
        value_noise(rng, shape, (shape[0] / 5, shape[1] / 5)) * 0.3
        + value_noise(rng, shape, (shape[0] / 2, shape[1] / 3)) * 0.2
    )
    return tinted(tone, 0.9 + tufts + 0.14 * fbm(rng, shape, (4, 4), 5))


def plaster(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """A painted wall, rolled a little unevenly."""
    tone = vary(rng, tone or pick(rng, PAINTS))
    return tinted(tone, 1 + 0.03 * fbm(rng, shape, (3, 3), 6, 0.6) + speckle(rng, shape, 0.012))


def wallpaper(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Stripes or a repeated figure on paper."""
    tone = vary(rng, tone or pick(rng, PAINTS))
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    step = rng.uniform(60, 130)
    u, v = x / step % 1 - 0.5, (y / step + 0.5 * (np.floor(x / step) % 2)) % 1 - 0.5
    if rng.random() < 0.5:
        figure = (np.abs(u) < rng.uniform(0.1, 0.3)).astype(np.float32)
    else:
        petals = np.cos(np.arctan2(v, u) * float(rng.integers(3, 7))) * 0.12 + 0.24
        figure = smoothstep(0.0, 0.04, (petals - np.hypot(u, v)).astype(np.float32))
    return tinted(tone, 1 - 0.16 * figure + 0.02 * fbm(rng, shape, (4, 4), 4))


def brick(rng: Generator, shape: Shape = SIZE, tone: Colour | None = None) -> Floats:
    """Bricks in running bond, each burnt differently."""
    tone = vary(
        rng, tone or pick(rng, ((0.58, 0.30, 0.22), (0.72, 0.64, 0.56), (0.45, 0.28, 0.24), (0.80, 0.78, 0.75)))
    )
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    course = (y / 60).astype(np.int32)
    u, v = (x / 150 + 0.5 * (course % 2)), y / 60
    edge = np.minimum(np.minimum(u % 1, 1 - u % 1) * 150, np.minimum(v % 1, 1 - v % 1) * 60)
    edge = edge + 2 * fbm(rng, shape, (60, 60), 2)
    each = rng.uniform(0.72, 1.18, (course.max() + 1, int(u.max()) + 1))[course, u.astype(np.int32)]
    shade = each + 0.1 * fbm(rng, shape, (30, 30), 5)
    mortar = smoothstep(2, 5, edge)[..., None]
    return tinted(tone, shade) * mortar + tinted((0.72, 0.70, 0.66), 1 + 0.05 * fbm(rng, shape, (80, 80), 3)) * (
        1 - mortar
    )


type Surface = Callable[[Generator], Floats]

TABLES: tuple[Surface, ...] = (wood, wood, wood, wood, wood, linen, linen, cloth, stone, leather)
WALLS: tuple[Surface, ...] = (plaster, plaster, plaster, wallpaper, brick, wood)
