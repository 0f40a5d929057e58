"""Odd ones out, part two: landscapes and what stands, floats or flies in them."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from PIL import Image

from . import surfaces
from .camera import Camera
from .geometry import Part, Vector, box, lathe, place, quad, surface, tube
from .lens import Lens
from .light import Rig
from .material import Material, Texture, matte, shiny
from .noise import Floats, Shape, fbm, resample, smoothstep
from .odd_indoor import speckled
from .scenes import SUN, WIDE, direction, draw_lens, scaled, shoot
from .surfaces import pick, vary

# Out of doors one unit is whatever suits the scene: nothing here meets anything measured in centimetres.


def sky(rng: Generator, shape: Shape, top: Vector, horizon: Vector, cover: float) -> Floats:
    """Linear light of a sky with clouds; `cover` between 0 and 1, the horizon at the bottom."""
    t = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    clear = np.array(top, np.float32) * (1 - t) + np.array(horizon, np.float32) * t
    field = fbm(rng, shape, (5, 2.5), 6, 0.55)
    share = smoothstep(0.9 - 1.4 * cover, 1.6 - 1.2 * cover, field)[..., None] * 0.9
    bright = (np.array(horizon, np.float32) * 0.5 + 0.6) * (1 - 0.25 * smoothstep(0.5, 2.0, field)[..., None])
    return clear * (1 - share) + bright * share


def terrain(height: Floats, extent: tuple[float, float], near: float, colour: Floats) -> Part:
    """Ground from a height field (far edge first), `extent` wide and deep, beginning `near` units away."""
    rows, columns = height.shape
    y = np.linspace(near + extent[1], near, rows)[:, None]
    x = np.linspace(-extent[0] / 2, extent[0] / 2, columns)[None, :]
    grid = np.stack([np.broadcast_to(x, height.shape), np.broadcast_to(y, height.shape), height], 2)
    return surface(grid, Material(Texture(colour)))


def _sun(rng: Generator, elevation: float, strength: float, haze: float, colour: Vector = SUN) -> Rig:
    light = scaled(colour, strength)
    return Rig(
        direction(elevation, float(rng.uniform(-75, 75))),
        light,
        0.6,
        ((0.2, 0.2, 0.18), (haze, haze, haze), (0.45, 0.6, 0.9)),
        glare=0.2,
    )


def far_lens(rng: Generator) -> Lens:
    """A lens focused on infinity."""
    return replace(draw_lens(rng, 0), focus=None)


def mountains(rng: Generator) -> Image.Image:
    """Snowy peaks behind a lake."""
    shape = (150, 220)
    rough = fbm(rng, shape, (3, 5), 7, 0.5)
    ridged = 1 - np.abs(fbm(rng, shape, (3, 5), 7, 0.45))
    depth = np.linspace(1, 0, shape[0])[:, None]
    range_ = np.exp(-(((depth - 0.72) / 0.26) ** 2))
    height = (62 * range_ * np.maximum(ridged, 0) ** 1.6 + 9 * rough * depth + 9 * (depth - 0.2)).astype(np.float32)
    slope = np.hypot(np.gradient(height, axis=0), np.gradient(height, axis=1))
    # The ground is painted four times as finely as it is shaped.
    fine = (shape[0] * 4, shape[1] * 4)
    grain = fbm(rng, fine, (40, 60), 4)
    level = resample(height, fine) + 3 * grain
    snow = smoothstep(22, 30, level - 3 * resample(slope.astype(np.float32), fine))[..., None]
    trees = smoothstep(19, 12, level + 2 * grain)[..., None]
    rock = surfaces.tinted((0.46, 0.43, 0.41), 1 + 0.3 * grain)
    forest = surfaces.tinted((0.17, 0.25, 0.15), 1 + 0.5 * fbm(rng, fine, (200, 280), 2))
    colour = (rock * (1 - trees) + forest * trees) * (1 - snow) + snow * np.array([0.95, 0.96, 0.98])
    land = terrain(height, (340, 220), 40, np.clip(colour, 0, 1).astype(np.float32))
    ripple = surfaces.tinted((0.16, 0.28, 0.34), 1 + 0.3 * fbm(rng, (500, 200), (120, 8), 4))
    lake = quad((-300, 300, 0.4), (600, 0, 0), (0, -300, 0), Material(Texture(ripple), 0.05, 200), 16)
    size = pick(rng, WIDE)
    camera = Camera((float(rng.normal(0, 10)), 0, 9), (float(rng.normal(0, 12)), 120, 22), 62, size)
    back = sky(rng, (size[1], size[0]), (0.14, 0.30, 0.62), (0.62, 0.74, 0.85), float(rng.uniform(0.3, 0.7)))
    return shoot([land], [lake], camera, _sun(rng, 32, 2.4, 0.5), far_lens(rng), rng, back)


def balloons(rng: Generator) -> Image.Image:
    """Hot-air balloons over hills."""
    parts: list[Part] = []
    for number in range(5):
        one, two = pick(rng, surfaces.DYES), pick(rng, surfaces.DYES)
        gores = (np.arange(240) // 15 % 2)[None, :, None]
        cloth = (
            np.broadcast_to(np.where(gores > 0, np.array(one), np.array(two)), (120, 240, 3)).astype(np.float32).copy()
        )
        cloth[46:58] = np.array(pick(rng, surfaces.DYES))
        t = np.linspace(0, 1, 26)
        r = 9 * np.sin(np.pi * np.clip(t, 0, 0.5)) * (t <= 0.5) + 9 * np.cos((t - 0.5) * np.pi * 0.83) ** 1.0 * (
            t > 0.5
        )
        envelope = lathe(
            [(float(max(a, 0.05)), float(b)) for a, b in zip(r, 22 - 22 * t, strict=True)],
            Material(Texture(cloth), 0.02, 20),
            40,
        )
        basket = place(box((2.2, 2.2, 1.9), matte(0.42, 0.28, 0.15)), (0, 0, -5.5))
        ropes = [
            tube(np.array([[x, y, -3.6], [1.8 * x, 1.8 * y, 0.2]]), 0.07, matte(0.2, 0.2, 0.2), 4)
            for x in (-1, 1)
            for y in (-1, 1)
        ]
        away = (60, 95, 140, 190, 240)[number]
        side = (-1) ** number * float(rng.uniform(0.08, 0.34)) * away
        parts += place([envelope, *basket, *ropes], (side, float(away), float(rng.uniform(0.06, 0.22)) * away + 9))
    shape = (160, 240)
    rolling = fbm(rng, shape, (4, 5), 5)
    green = surfaces.tinted((0.36, 0.42, 0.20), 1 + 0.2 * rolling + 0.25 * fbm(rng, shape, (40, 60), 3))
    land = terrain((5 * rolling - 6).astype(np.float32), (700, 500), 12, green)
    size = (480, 620)
    camera = Camera((0, 0, 8), (0, 100, float(rng.uniform(22, 30))), 58, size)
    back = sky(rng, (size[1], size[0]), (0.20, 0.42, 0.80), (0.85, 0.85, 0.85), 0.35)
    return shoot(parts, [land], camera, _sun(rng, 30, 2.2, 0.6), far_lens(rng), rng, back)


def sailing(rng: Generator) -> Image.Image:
    """A sailing boat on a choppy sea."""
    t = np.linspace(0, 1, 20)
    beam = 1.5 * np.sin(np.pi * np.clip(t * 0.75 + 0.25, 0, 1)) ** 0.8
    girth = np.linspace(-np.pi / 2, np.pi / 2, 13)
    x = np.broadcast_to((t * 10 - 5)[:, None], (20, 13))
    y = beam[:, None] * np.sin(girth)
    z = 1.3 + 0.35 * t[:, None] ** 2 - 1.9 * np.cos(girth) ** 0.7 * (1 - 0.5 * t[:, None] ** 3)
    hull = surface(
        np.stack([x, y, z], 2),
        shiny(*vary(rng, pick(rng, ((0.92, 0.92, 0.90), (0.15, 0.22, 0.42), (0.55, 0.12, 0.12)))), 0.05, 80),
    )
    deck = surface(
        np.stack(
            [np.stack([t * 10 - 5] * 2, 1), np.stack([-beam, beam], 1) * 0.98, np.stack([1.25 + 0.35 * t**2] * 2, 1)], 2
        ),
        matte(0.68, 0.52, 0.34),
    )
    mast = tube(np.array([[0.5, 0, 1.2], [0.5, 0, 14.0]]), 0.12, shiny(0.6, 0.5, 0.38), 8)
    boom = tube(np.array([[0.5, 0, 2.6], [-4.4, 0.8, 2.5]]), 0.1, shiny(0.6, 0.5, 0.38), 8)
    cabin = place(box((2.6, 1.5, 0.9), matte(0.86, 0.84, 0.80)), (-0.6, 0, 1.3))
    linen = Material(Texture(surfaces.linen(rng, (200, 200), (0.93, 0.91, 0.86))))
    parts = [
        hull,
        deck,
        mast,
        boom,
        *cabin,
        _sail((0.4, 13.8), (0.4, 2.8), (-4.3, 2.7), 1.0, linen),
        _sail((0.6, 12.6), (0.9, 2.6), (4.8, 1.8), 0.7, linen),
    ]
    heeled = [part.turned(_heel(float(rng.uniform(6, 14)))) for part in place(parts, turn=float(rng.uniform(-35, 35)))]
    shape = (260, 260)
    waves = (0.30 * fbm(rng, shape, (70, 36), 4, 0.55) + 0.15 * fbm(rng, shape, (12, 8), 2)).astype(np.float32)
    crest = smoothstep(0.45, 0.9, waves)[..., None]
    water = surfaces.tinted((0.10, 0.26, 0.34), 1 + 0.5 * waves) * (1 - crest) + crest * 0.8
    sea = terrain(waves, (160, 150), -32, water.astype(np.float32))
    glossy = Part(sea.corners, sea.normals, sea.uv, Material(sea.material.texture, 0.03, 120))
    far = quad((-900, 1500, -0.4), (1800, 0, 0), (0, -1390, 0), shiny(0.16, 0.30, 0.38, 0.05, 100), 12)
    size = pick(rng, WIDE)
    camera = Camera((0, -30, float(rng.uniform(3.5, 6))), (float(rng.normal(0, 2)), 0, 6.2), 44, size)
    low = rng.random() < 0.5
    back = sky(rng, (size[1], size[0]), (0.16, 0.30, 0.55), (0.95, 0.62, 0.38) if low else (0.70, 0.80, 0.90), 0.5)
    return shoot(heeled, [glossy, far], camera, _sun(rng, 28, 2.2, 0.6), far_lens(rng), rng, back)


def _heel(degrees: float) -> Floats:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)


def _sail(
    head: tuple[float, float], tack: tuple[float, float], clew: tuple[float, float], belly: float, cloth: Material
) -> Part:
    """A triangular sail in the x-z plane, bulging sideways."""
    v, u = np.meshgrid(np.linspace(0, 1, 14), np.linspace(0, 1, 10), indexing="ij")
    luff = np.array(head) * (1 - v[..., None]) + np.array(tack) * v[..., None]
    leech = np.array(head) * (1 - v[..., None]) + np.array(clew) * v[..., None]
    flat = luff * (1 - u[..., None]) + leech * u[..., None]
    return surface(np.stack([flat[..., 0], belly * np.sin(np.pi * u) * v**0.6, flat[..., 1]], 2), cloth)


def city(rng: Generator) -> Image.Image:
    """Tall buildings with lit windows at dusk."""
    parts: list[Part] = []
    for row in range(4):
        x = -90.0
        while x < 90:
            width, height = float(rng.uniform(8, 18)), float(rng.gamma(4, 4) + 7 + 6 * row)
            across, up = max(4, int(width * 0.8)), max(6, int(height * 0.7))
            lit = rng.random((up, across)) < rng.uniform(0.15, 0.5)
            glass = np.where(
                lit[..., None],
                np.array([1.0, 0.80, 0.48]) * rng.uniform(0.6, 1.0, (up, across, 1)),
                np.array([0.10, 0.12, 0.18]),
            )
            wall = np.broadcast_to(np.array(vary(rng, (0.16, 0.16, 0.20))), (up * 8, across * 8, 3)).copy()
            for dy in range(2, 7):
                for dx in range(2, 7):
                    wall[dy::8, dx::8] = glass
            facade = Material(Texture(wall.astype(np.float32)), glow=1.3)
            roof = matte(0.12, 0.12, 0.14)
            parts += place(box((width, 12, height), facade, {"top": roof}), (x + width / 2, 60.0 + row * 22, 0))
            x += width + float(rng.uniform(0.5, 4))
    water = quad((-300, 60, 0), (600, 0, 0), (0, -60, 0), shiny(0.08, 0.10, 0.16, 0.1, 60), 10)
    size = pick(rng, WIDE)
    camera = Camera(
        (float(rng.normal(0, 6)), -8, float(rng.uniform(10, 22))), (float(rng.normal(0, 6)), 70, 24), 58, size
    )
    back = sky(rng, (size[1], size[0]), (0.04, 0.06, 0.16), (0.55, 0.32, 0.30), 0.4) * 0.5
    rig = Rig(
        direction(20, 200),
        (0.25, 0.18, 0.2),
        20,
        ((0.05, 0.05, 0.08), (0.1, 0.1, 0.16), (0.1, 0.12, 0.25)),
        (0, -0.4, 0.9),
    )
    return shoot(parts, [water], camera, rig, far_lens(rng), rng, back)


def house(rng: Generator) -> Image.Image:
    """A small house with a red door behind a lawn."""
    walls = Material(Texture(surfaces.brick(rng)))
    white, dark = matte(0.92, 0.91, 0.88), shiny(0.12, 0.15, 0.2, 0.1, 150)
    tiles = surfaces.brick(rng, (1100, 2600), (0.36, 0.20, 0.16))
    parts = box((11, 7, 5.6), walls)
    for side in (-1, 1):
        corner: Vector = (-6.0, 0.0, 8.6) if side < 0 else (6.0, 0.0, 8.6)
        parts.append(quad(corner, (12.0 * -side, 0, 0), (0, side * 4.2, -3.3), Material(Texture(tiles)), 4))
    gable = np.array([[[-5.5, 0, 8.4], [-5.5, 0, 8.4]], [[-5.5, -3.5, 5.5], [-5.5, 3.5, 5.5]]])
    parts += [surface(gable, walls), surface(gable * np.array([-1, 1, 1]), walls)]
    for x, z, w, h in (
        (-3.5, 0.9, 1.9, 1.7),
        (3.5, 0.9, 1.9, 1.7),
        (-3.5, 3.4, 1.7, 1.5),
        (3.5, 3.4, 1.7, 1.5),
        (0.0, 3.4, 1.7, 1.5),
    ):
        parts += place(box((w, 0.25, h), white), (x, -3.55, z))
        for dx in (-0.25, 0.25):
            for dz in (0.1, 0.54):
                parts += place(box((w * 0.40, 0.1, h * 0.36), dark), (x + dx * w, -3.66, z + dz * h))
    parts += place(box((1.7, 0.3, 2.7), white), (0, -3.5, 0))
    parts += place(
        box(
            (1.3, 0.3, 2.4),
            shiny(*vary(rng, pick(rng, ((0.60, 0.10, 0.10), (0.10, 0.25, 0.42), (0.10, 0.35, 0.22)))), 0.04, 60),
        ),
        (0, -3.62, 0),
    )
    parts += place(box((2.4, 1.2, 0.25), matte(0.6, 0.6, 0.58)), (0, -4.1, 0))
    parts += place(box((1.0, 1.0, 3.2), walls), (-3.2, 1.0, 6.6))
    for x in (-6.2, -5.0, 2.2, 4.9, 6.4):
        for _ in range(26):
            leaf = speckled(rng, (0.16, 0.30, 0.12), (0.28, 0.42, 0.18), (8, 12))
            spot = rng.normal(0, 0.42, 3)
            blob = lathe([(0.01, 0.34), (0.26, 0.18), (0.34, 0), (0.2, -0.26), (0.01, -0.3)], leaf, 7)
            parts += place([blob], (x + float(spot[0]), -4.6 + float(spot[1]), 0.65 + abs(float(spot[2]))))
    lawn = Material(Texture(surfaces.carpet(rng, tone=(0.30, 0.42, 0.18))))
    path = Material(Texture(surfaces.stone(rng, (300, 300), (0.66, 0.62, 0.56))))
    stage = [
        quad((-40, 60, -0.02), (80, 0, 0), (0, -90, 0), lawn, 16),
        quad((-0.9, -4.0, 0.01), (1.8, 0, 0), (0, -20, 0), path, 8),
    ]
    size = pick(rng, WIDE)
    camera = Camera((float(rng.uniform(-7, 7)), -19, float(rng.uniform(2, 4))), (0, 0, 4.0), 54, size)
    back = sky(rng, (size[1], size[0]), (0.18, 0.38, 0.75), (0.70, 0.80, 0.90), float(rng.uniform(0.3, 0.8)))
    return shoot(parts, stage, camera, _sun(rng, 40, 2.4, 0.5), far_lens(rng), rng, back)
