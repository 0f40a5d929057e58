"""Odd ones out, part one: things near at hand that have nothing to do with books."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from . import art, clutter, lettering, surfaces
from .camera import Camera, orbit
from .geometry import Part, Vector, ball, box, disc, lathe, place, quad, rotation, tube
from .light import Rig
from .material import Material, Texture, matte, shiny
from .noise import Floats, fbm, smoothstep, value_noise
from .scenes import NEUTRAL, SUN, WIDE, desk, direction, draw_lens, draw_rig, scaled, shoot
from .surfaces import pick, vary


def speckled(rng: Generator, one: surfaces.Colour, other: surfaces.Colour, cells: tuple[float, float]) -> Material:
    """A glossy skin between two colours."""
    share = smoothstep(-0.7, 0.7, fbm(rng, (120, 200), cells, 4))[..., None]
    skin = np.array(one, np.float32) * share + np.array(other, np.float32) * (1 - share)
    return Material(Texture(skin.astype(np.float32)), 0.04, 60)


def fruit_bowl(rng: Generator) -> Image.Image:
    """A bowl of apples, oranges, pears and bananas on a table."""
    glaze = Material(
        Texture.plain(vary(rng, pick(rng, ((0.90, 0.89, 0.85), (0.25, 0.40, 0.55), (0.50, 0.62, 0.55))))), 0.06, 120
    )
    bowl = lathe([(13.2, 8.7), (13.6, 9), (14, 8.7), (12.5, 5), (9, 2.0), (6, 0.9), (6, 0)], glaze, 48)
    inside = lathe([(13.3, 8.7), (11.8, 5.2), (8, 2.6), (0.01, 1.8)], glaze, 48)
    parts: list[Part] = [bowl, inside]
    for ring, (count, radius, z) in enumerate(((5, 7.6, 8.0), (3, 3.9, 11.5), (1, 0.0, 14.5))):
        for number in range(count):
            around = 2 * np.pi * (number + 0.4 * ring) / count
            offset = (float(radius * np.cos(around)), float(radius * np.sin(around)), z + float(rng.normal(0, 0.3)))
            fruit = pick(rng, (_apple, _apple, _orange, _pear))(rng)
            tilt = rotation("x", float(rng.normal(0, 25)))
            parts += place([part.turned(tilt) for part in fruit], offset, float(rng.uniform(0, 360)))
    for number in range(3):
        turn = np.linspace(-1.0, 1.0, 20)
        curve = np.stack([11 * np.sin(turn), 11 * np.cos(turn) - 11, np.zeros(20)], 1)
        skin = speckled(rng, (0.93, 0.78, 0.22), (0.86, 0.66, 0.14), (3, 20))
        banana = tube(curve, lambda t: 1.75 * float(np.sin(np.pi * t)) ** 0.35 + 0.02, skin, 9)
        parts += place([banana], (3.0, -9.5 + number * 1.2, 10.5 + number * 1.7), 8.0 * number)
    aim = (0.0, 0.0, 7.0)
    distance = float(rng.uniform(48, 58))
    camera = Camera(
        orbit(aim, distance, float(rng.uniform(18, 32)), float(rng.normal(0, 30))), aim, 46, pick(rng, WIDE)
    )
    return shoot(parts, desk(rng), camera, draw_rig(rng), draw_lens(rng, distance), rng)


def _apple(rng: Generator) -> list[Part]:
    skin = speckled(
        rng, vary(rng, (0.72, 0.12, 0.10)), vary(rng, pick(rng, ((0.80, 0.62, 0.20), (0.45, 0.62, 0.18)))), (3, 9)
    )
    t = np.linspace(0.02, np.pi - 0.02, 20)
    r = 3.9 * (np.sin(t) ** 0.8)
    z = 3.6 * np.cos(t) - 1.3 * np.exp(-((t / 0.45) ** 2)) + 0.7 * np.exp(-(((np.pi - t) / 0.4) ** 2))
    body = lathe([(float(a), float(b)) for a, b in zip(r, z, strict=True)], skin, 30)
    stem = tube(np.array([[0, 0, 1.9], [0.2, 0, 3.2], [0.6, 0.1, 4.1]]), 0.16, matte(0.30, 0.20, 0.12), 6)
    return [body, stem]


def _orange(rng: Generator) -> list[Part]:
    peel = speckled(rng, (0.92, 0.50, 0.10), (0.86, 0.42, 0.08), (40, 60))
    return [ball(3.8, peel, 0.94, 12), ball(0.35, matte(0.35, 0.40, 0.15)).moved((0, 0, 3.5))]


def _pear(rng: Generator) -> list[Part]:
    skin = speckled(rng, (0.72, 0.70, 0.26), (0.62, 0.52, 0.18), (6, 10))
    t = np.linspace(0, 1, 20)
    r = 3.6 * np.sqrt(np.clip(np.sin(np.pi * t**0.62), 0, 1)) * (0.45 + 0.55 * t)
    body = lathe([(float(max(a, 0.02)), float(b)) for a, b in zip(r, 6 - 9 * t, strict=True)], skin, 28)
    return [body, tube(np.array([[0, 0, 5.8], [0.4, 0, 7.4]]), 0.16, matte(0.30, 0.20, 0.12), 6)]


# Radius and height of each piece from the top down, in centimetres.
PIECES: dict[str, tuple[tuple[float, float], ...]] = {
    "pawn": (
        (0.01, 4.3), (0.5, 4.2), (0.75, 3.7), (0.5, 3.2), (0.8, 3.0), (0.45, 2.8), (0.6, 1.2), (1.25, 0.7), (1.3, 0),
    ),
    "rook": ((0.6, 4.6), (0.6, 5.1), (1.0, 5.1), (1.0, 4.2), (0.65, 4.0), (0.75, 1.5), (1.4, 0.9), (1.45, 0)),
    "bishop": (
        (0.01, 6.4), (0.25, 6.1), (0.2, 5.9), (0.75, 5.0), (0.5, 4.3), (0.9, 4.1), (0.5, 3.8), (0.7, 1.5), (1.4, 0.8),
        (1.45, 0),
    ),
    "queen": (
        (0.01, 7.4), (0.3, 7.2), (0.3, 6.9), (0.95, 6.8), (0.55, 5.2), (1.0, 5.0), (0.5, 4.7), (0.8, 1.6), (1.5, 0.9),
        (1.6, 0),
    ),
    "king": (
        (0.2, 8.4), (0.2, 7.3), (0.8, 7.1), (0.9, 6.7), (0.6, 5.4), (1.0, 5.2), (0.55, 4.9), (0.8, 1.6), (1.6, 0.9),
        (1.65, 0),
    ),
}  # fmt: skip


def chess(rng: Generator) -> Image.Image:
    """A chess board in the middle of a game."""
    light, dark = vary(rng, (0.86, 0.74, 0.54)), vary(rng, pick(rng, ((0.30, 0.17, 0.10), (0.20, 0.32, 0.24))))
    rows, columns = np.mgrid[0:640, 0:640] // 80
    grain = surfaces.wood(rng, (640, 640), (0.9, 0.9, 0.9), 8)
    squares = np.where(((rows + columns) % 2)[..., None] > 0, np.array(dark), np.array(light)) * grain
    board = Material(Texture(squares.astype(np.float32)), 0.04, 80)
    frame = Material(Texture(surfaces.wood(rng, (100, 400), (0.28, 0.17, 0.11), 1)), 0.04, 80)
    parts = [*box((36, 36, 1.5), frame), *place([quad((-16, 16, 0), (32, 0, 0), (0, -32, 0), board)], (0, 0, 1.53))]
    taken = rng.choice(64, int(rng.integers(18, 27)), replace=False)
    names = ("pawn", "pawn", "pawn", "rook", "bishop", "queen", "king")
    for number, square in enumerate(taken.tolist()):
        side = (square // 8 + rng.integers(-2, 3)) > 3
        wood = shiny(*vary(rng, (0.16, 0.10, 0.08) if side else (0.88, 0.78, 0.58), 0.02), 0.05, 90)
        profile = PIECES["king" if number < 1 else pick(rng, names)]
        offset = (square % 8 * 4 - 14.0, square // 8 * 4 - 14.0, 1.53)
        parts += place([lathe(profile, wood, 20)], offset)
    aim = (0.0, 0.0, 2.0)
    camera = Camera(orbit(aim, 46, float(rng.uniform(24, 40)), float(rng.uniform(-40, 40))), aim, 48, pick(rng, WIDE))
    return shoot(parts, desk(rng), camera, draw_rig(rng), draw_lens(rng, 44), rng)


def wall_clock(rng: Generator) -> Image.Image:
    """A round clock on a papered wall."""
    face = Image.new("RGB", (600, 600), art.ink(vary(rng, (0.95, 0.93, 0.87), 0.02)))
    draw = ImageDraw.Draw(face)
    for minute in range(60):
        a = 2 * np.pi * minute / 60
        inner, wide = (258, 6) if minute % 5 == 0 else (270, 2)
        ends = [(300 + r * float(np.sin(a)), 300 - r * float(np.cos(a))) for r in (inner, 284)]
        draw.line(ends, (30, 30, 30), wide)
    for hour in range(1, 13):
        a = 2 * np.pi * hour / 12
        spot = (300 + 215 * float(np.sin(a)), 300 - 215 * float(np.cos(a)))
        draw.text(spot, str(hour), (25, 25, 28), lettering.font(64), anchor="mm", stroke_width=1)
    rim = shiny(*vary(rng, pick(rng, ((0.35, 0.20, 0.12), (0.12, 0.12, 0.13), (0.70, 0.56, 0.28)))), 0.08, 90)
    black = shiny(0.06, 0.06, 0.07)
    parts = [disc(15, Material(Texture.of(face), 0.01, 60), 64).moved((0, 0, 1.2))]
    parts.append(lathe([(14.6, 1.3), (15, 2.6), (16.2, 3.0), (17, 2.2), (17.2, 0)], rim, 64))
    for length, width, turn in ((8.0, 1.0, rng.uniform(0, 360)), (12.0, 0.7, rng.uniform(0, 360))):
        parts += place(place(box((width, length, 0.25), black), (0, length / 2 - 1.5, 1.7)), turn=float(turn))
    parts.append(lathe([(0.01, 2.3), (0.8, 2.2), (0.8, 1.2)], black, 20))
    upright = [part.turned(rotation("x", 90)) for part in parts]
    wall = Material(Texture(surfaces.wallpaper(rng)))
    stage = [quad((-60, 0.1, 60), (120, 0, 0), (0, 0, -120), wall, 12)]
    camera = Camera(
        orbit((0, 0, 0), 62, float(rng.uniform(-8, 6)), float(rng.uniform(-22, 22))), (0, 0, 0), 45, (560, 540)
    )
    return shoot(upright, stage, camera, draw_rig(rng, (0, -0.9, 0.4)), draw_lens(rng, 62), rng)


def _ring(radius: float, centre: tuple[float, float], steps: int = 48) -> Floats:
    """A circle in the x-z plane."""
    turn = np.linspace(0, 2 * np.pi, steps)
    return np.stack([centre[0] + radius * np.cos(turn), np.zeros(steps), centre[1] + radius * np.sin(turn)], 1)


def bicycle(rng: Generator) -> Image.Image:
    """A bicycle leaning on a brick wall."""
    paint = shiny(
        *vary(rng, pick(rng, ((0.60, 0.12, 0.12), (0.12, 0.32, 0.42), (0.16, 0.38, 0.24), (0.80, 0.62, 0.22)))),
        0.06,
        120,
    )
    rubber, steel, hide = matte(0.09, 0.09, 0.10), shiny(0.62, 0.62, 0.62, 0.25, 80), shiny(0.36, 0.22, 0.13)
    rear, front = (-52.0, 34.0), (52.0, 34.0)
    crank, seat, head, bar = (-6.0, 32.0), (-20.0, 84.0), (34.0, 78.0), (30.0, 98.0)
    parts: list[Part] = []
    for hub in (rear, front):
        parts += [tube(_ring(33, hub), 1.7, rubber, 8), tube(_ring(30.5, hub), 0.8, steel, 6)]
        for angle in np.linspace(0, np.pi, 12, endpoint=False):
            reach = np.array([np.cos(angle), 0, np.sin(angle)]) * 30
            middle = np.array([hub[0], 0, hub[1]])
            parts.append(tube(np.stack([middle - reach, middle + reach]), 0.16, steel, 4))
    joints = ((crank, seat), (crank, head), (seat, head), (seat, rear), (crank, rear), (head, front), (head, bar))
    for a, b in joints:
        parts.append(tube(np.array([[a[0], 0, a[1]], [b[0], 0, b[1]]]), 1.4, paint, 10))
    parts += [
        tube(_ring(8, crank, 30), 0.6, steel, 6),
        tube(np.array([[seat[0], 0, 84], [seat[0] - 2, 0, 93]]), 1.1, steel, 8),
    ]
    saddle = np.array([[-33, 0, 94], [-26, 0, 95.5], [-18, 0, 94.5], [-8, 0, 93.5]])
    parts.append(tube(saddle, lambda t: 5.0 * (1 - t) ** 0.7 + 1.2, hide, 10))
    grips = np.array([[bar[0] - 12, -24, 97], [bar[0] + 4, -16, 99], [bar[0] + 4, 16, 99], [bar[0] - 12, 24, 97]])
    parts += [tube(grips, 1.1, steel, 8), tube(np.array([[-6, -9, 18], [-6, -9, 46]]), 0.9, steel, 6)]
    parts += place(box((9, 7, 1.6), rubber), (-6, -13, 17))
    leaned = [part.turned(rotation("x", -8)) for part in parts]
    wall = Material(Texture(surfaces.brick(rng)))
    ground = Material(Texture(surfaces.stone(rng, tone=(0.55, 0.54, 0.52))))
    stage = [
        quad((-190, 26, 250), (380, 0, 0), (0, 0, -250), wall, 16),
        quad((-190, 26, 0), (380, 0, 0), (0, -260, 0), ground, 16),
    ]
    aim = (0.0, 0.0, 52.0)
    position = orbit(aim, 230, float(rng.uniform(4, 14)), float(rng.uniform(-24, 24)))
    rig = Rig(
        direction(float(rng.uniform(35, 55)), float(rng.uniform(-60, 60))),
        scaled(SUN, 2.6),
        1.0,
        _outside(),
        (0, -0.7, 0.7),
        0.2,
    )
    return shoot(leaned, stage, Camera(position, aim, 42, (640, 470)), rig, draw_lens(rng, 230), rng)


def _outside() -> tuple[Vector, Vector, Vector]:
    return scaled(NEUTRAL, 0.3), scaled(NEUTRAL, 0.5), (0.55, 0.7, 0.95)


def cactus(rng: Generator) -> Image.Image:
    """A cactus in a pot on a window sill."""
    ribs = np.abs(np.sin(np.linspace(0, 14 * np.pi, 280)))[None, :] * 0.35 + 0.65
    bumps = 1 + 0.25 * value_noise(rng, (300, 280), (90, 90))
    skin = Material(
        Texture(surfaces.tinted(vary(rng, (0.30, 0.50, 0.28)), (ribs * bumps).astype(np.float32))), 0.01, 20
    )
    pot = Material(Texture.plain(vary(rng, (0.70, 0.38, 0.24))), 0.01, 20)
    parts = [
        lathe([(7.2, 11.5), (7.4, 12.5), (8.6, 12.5), (8.6, 10.2), (8, 10), (6, 0)], pot),
        disc(7.3, matte(0.25, 0.18, 0.12)).moved((0, 0, 11.6)),
    ]
    stem = np.stack([np.zeros(14), np.zeros(14), np.linspace(11, 38, 14)], 1)

    def rounded(t: float) -> float:
        return float(min(1.0, np.sqrt(max(0.0, 1 - max(0.0, (t - 0.86) / 0.14) ** 2))))

    parts.append(tube(stem, lambda t: 4.6 * rounded(t) + 0.02, skin, 28))
    for side in (-1, 1):
        start, reach, rise = float(rng.uniform(18, 24)), float(rng.uniform(7, 9)), float(rng.uniform(7, 13))
        t = np.linspace(0, 1, 16)
        x = side * reach * np.clip(np.sin(t * np.pi / 2 * 1.6), 0, 1)
        parts.append(
            tube(np.stack([x, np.zeros(16), start + rise * t**1.8], 1), lambda t: 2.5 * rounded(t) + 0.02, skin, 20)
        )
    parts += place(clutter.vase(rng, 15), (22, 4, 0))
    sill = Material(Texture(surfaces.wood(rng, tone=(0.88, 0.86, 0.82), planks=1)), 0.03, 60)
    frame = matte(0.9, 0.9, 0.88)
    for x in (-34, 0, 34):
        parts += place(box((3.5, 3, 90), frame), (x, 14, 0))
    parts += place(box((80, 3, 4), frame), (0, 14, 0))
    view = np.asarray(
        Image.fromarray((art.hills(rng, (160, 240)) * 255).astype(np.uint8)).resize((48, 32)).resize((480, 320)),
        np.float32,
    )
    outside = Material(Texture(view / 255), glow=0.9)
    stage = [
        quad((-60, 10, 0), (120, 0, 0), (0, -60, 0), sill, 12),
        quad((-160, 120, 110), (320, 0, 0), (0, 0, -160), outside, 4),
    ]
    aim = (2.0, 0.0, 21.0)
    camera = Camera(orbit(aim, 66, float(rng.uniform(4, 14)), float(rng.uniform(-20, 20))), aim, 46, (480, 620))
    rig = draw_rig(rng, (0, -0.5, 0.85), 150.0)
    return shoot(parts, stage, camera, rig, draw_lens(rng, 64), rng)
