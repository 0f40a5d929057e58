"""Things that lie about: cups, pencils, spectacles, plants, telephones, coins, lamps, papers."""

import numpy as np
from numpy.random import Generator

from . import art, lettering
from .geometry import Part, Vector, ball, box, disc, lathe, place, rotation, surface, tube
from .material import Material, Texture, matte, shiny
from .noise import Floats
from .surfaces import DYES, pick, vary


def cup(rng: Generator) -> list[Part]:
    """A cup of coffee or tea, sometimes on a saucer."""
    glaze = Material(Texture.plain(vary(rng, pick(rng, DYES))), 0.06, 120)
    r, h = float(rng.uniform(3.4, 4.6)), float(rng.uniform(6.5, 10))
    taper = float(rng.uniform(0.65, 1.0))
    wall = lathe(
        [(r - 0.35, h * 0.75), (r - 0.3, h), (r, h), (r * (taper + 1) / 2, h * 0.4), (r * taper, 0.4), (r * taper, 0)],
        glaze,
    )
    drink = disc(r - 0.3, shiny(*vary(rng, pick(rng, ((0.20, 0.11, 0.06), (0.45, 0.22, 0.08)))), 0.05, 200)).moved(
        (0, 0, h * 0.8)
    )
    turn = np.linspace(-np.pi * 0.55, np.pi * 0.55, 16)
    handle = np.stack([r * 0.93 + 2.2 * np.cos(turn), np.zeros(16), h * 0.52 + h * 0.27 * np.sin(turn)], 1)
    parts = [wall, drink, tube(handle, 0.42, glaze)]
    if rng.random() < 0.5:
        plate = lathe([(7.2, 1.1), (5.5, 0.5), (3.5, 0.35), (0.01, 0.35)], glaze)
        parts = [plate, *place(parts, (0, 0, 0.4))]
    return place(parts, turn=float(rng.uniform(0, 360)))


def pencil(rng: Generator) -> list[Part]:
    """A sharpened pencil, or a pen, lying down."""
    length = float(rng.uniform(12, 18))
    paint = shiny(*vary(rng, pick(rng, DYES)))
    body = tube(np.array([[0, 0, 0.38], [length, 0, 0.38]]), 0.38, paint, 6)
    wood = tube(
        np.array([[length, 0, 0.38], [length + 1.2, 0, 0.38], [length + 1.8, 0, 0.38]]),
        lambda t: 0.38 * (1 - t) + 0.02,
        matte(0.78, 0.62, 0.42),
    )
    tip = tube(
        np.array([[length + 1.3, 0, 0.38], [length + 2.0, 0, 0.38]]),
        lambda t: 0.13 * (1 - t) + 0.01,
        matte(0.15, 0.15, 0.15),
    )
    ferrule = tube(np.array([[-1.4, 0, 0.38], [0, 0, 0.38]]), 0.4, shiny(0.75, 0.72, 0.62, 0.3))
    return place([body, wood, tip, ferrule], (-length / 2, 0, 0))


def glasses(rng: Generator) -> list[Part]:
    """Spectacles, folded open."""
    frame = shiny(*vary(rng, pick(rng, ((0.1, 0.1, 0.1), (0.35, 0.2, 0.1), (0.6, 0.5, 0.3)))), 0.08, 120)
    turn = np.linspace(0, 2 * np.pi, 32)
    parts: list[Part] = []
    for x in (-3.4, 3.4):
        rim = np.stack([x + 2.6 * np.cos(turn), np.zeros(32), 2.3 + 2.1 * np.sin(turn)], 1)
        arm = np.array([[x * 1.75, 0, 2.9], [x * 1.8, 6, 2.6], [x * 1.75, 11, 1.9], [x * 1.7, 13.5, 0.2]])
        parts += [tube(rim, 0.2, frame, 8), tube(arm, 0.18, frame, 6)]
    parts.append(tube(np.array([[-0.9, 0, 2.7], [0, 0, 3.2], [0.9, 0, 2.7]]), 0.18, frame, 6))
    return place(parts, turn=float(rng.uniform(0, 360)))


def leaf(base: Vector, tip: Vector, width: float, droop: float, material: Material) -> Part:
    """A blade from base to tip, widest in the middle, hanging through by `droop`."""
    t = np.linspace(0, 1, 8)
    middle = np.array(base) + t[:, None] * (np.array(tip) - np.array(base))
    middle[:, 2] += droop * 4 * t * (1 - t)
    along = np.array(tip) - np.array(base)
    side = np.cross(along, [0, 0, 1.0])
    side /= max(float(np.linalg.norm(side)), 1e-6)
    half = (width / 2 * np.sin(np.pi * np.clip(t, 0.02, 0.99)))[:, None] * side
    fold = np.stack([np.zeros(8), np.zeros(8), 0.25 * half @ side], 1)
    return surface(np.stack([middle - half + fold, middle, middle + half + fold], 1), material)


def plant(rng: Generator, size: float = 1.0) -> list[Part]:
    """A pot with leaves."""
    clay = Material(Texture.plain(vary(rng, pick(rng, DYES))), 0.02, 30)
    r, h = 5.0 * size, 8.0 * size
    parts = [
        lathe([(r * 0.9, h * 0.9), (r * 0.95, h), (r, h), (r * 0.72, 0)], clay),
        disc(r * 0.9, matte(0.2, 0.14, 0.1)).moved((0, 0, h * 0.9)),
    ]
    green = vary(rng, pick(rng, ((0.22, 0.42, 0.18), (0.30, 0.48, 0.30), (0.42, 0.50, 0.22))))
    for _ in range(int(rng.integers(14, 30))):
        turn, rise = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.4)
        reach = rng.uniform(8, 16) * size
        start = (float(rng.normal(0, r * 0.25)), float(rng.normal(0, r * 0.25)), h * 0.9)
        tip = (
            float(np.cos(turn) * reach * np.cos(rise)),
            float(np.sin(turn) * reach * np.cos(rise)),
            float(h + reach * np.sin(rise)),
        )
        blade = Material(Texture.plain(vary(rng, green, 0.08)), 0.03, 25)
        parts.append(leaf(start, tip, rng.uniform(1.5, 4) * size, rng.uniform(0, 3) * size, blade))
    return parts


def phone(rng: Generator) -> list[Part]:
    """A telephone, its screen dark."""
    case = shiny(*vary(rng, pick(rng, DYES)), 0.06, 100)
    screen = Material(Texture.of(art.as_image(art.clouds(rng, (90, 45)) * 0.12)), 0.06, 250)
    return place(box((7.2, 14.8, 0.8), case, {"top": screen}), turn=float(rng.uniform(0, 360)))


def coins(rng: Generator) -> list[Part]:
    """A few coins."""
    parts: list[Part] = []
    for _ in range(int(rng.integers(2, 6))):
        metal = shiny(*vary(rng, pick(rng, ((0.72, 0.55, 0.28), (0.70, 0.70, 0.70), (0.62, 0.38, 0.24)))), 0.3, 60)
        r = float(rng.uniform(0.9, 1.3))
        coin = lathe([(0.001, 0.2), (r * 0.85, 0.18), (r, 0.22), (r, 0)], metal, 24)
        parts.append(coin.moved((float(rng.normal(0, 2.4)), float(rng.normal(0, 2.4)), 0)))
    return parts


def letter(rng: Generator) -> list[Part]:
    """A blank sheet, or one with a name and a line or two; more would look like the page of a book."""
    sheet = art.as_image(art.gradient((300, 220), *(2 * (vary(rng, (0.93, 0.92, 0.88)),))))
    for line in range(int(rng.integers(0, 4))):
        lettering.centred(sheet, (110, 110 + line * 22), lettering.author(rng), 16, (50, 60, 110), 180)
    y, x = np.mgrid[10:-10:6j, -7.5:7.5:6j]
    lift = 0.06 + 0.5 * np.clip(x * float(rng.choice([-1, 1])) / 7.5, 0, 1) ** 3
    return place([surface(np.stack([x, y, lift], 2), Material(Texture.of(sheet)))], turn=float(rng.uniform(0, 360)))


def vase(rng: Generator, height: float = 16.0) -> list[Part]:
    """A turned vase."""
    glaze = Material(Texture.plain(vary(rng, pick(rng, DYES))), 0.06, 100)
    swell, neck = float(rng.uniform(0.25, 0.42)), float(rng.uniform(0.08, 0.16))
    t = np.linspace(0, 1, 18)
    radius = height * (neck + (swell - neck) * np.sin(np.pi * np.clip(t * 1.15, 0, 1)) ** 1.3 + 0.06 * (1 - t) ** 6)
    return [lathe([(float(r), float(h)) for r, h in zip(radius, height * (1 - t), strict=True)], glaze)]


def globe(rng: Generator, radius: float = 6.0) -> list[Part]:
    """A ball on a foot."""
    shell = Material(Texture.of(art.as_image(art.clouds(rng, (120, 240)))), 0.05, 100)
    foot = shiny(*vary(rng, (0.35, 0.25, 0.15)))
    stand = lathe([(0.6, 3), (0.6, 1), (3.5, 0.6), (3.5, 0)], foot)
    sphere = ball(radius, shell).turned(rotation("x", 23)).moved((0, 0, radius + 2.6))
    return [stand, sphere]


def framed_picture(rng: Generator, width: float = 14.0) -> list[Part]:
    """A small picture in a frame, leaning back."""
    height = width * float(rng.uniform(0.8, 1.35))
    frame = shiny(*vary(rng, pick(rng, DYES)))
    shown = Material(Texture.of(art.as_image(art.picture(rng, (200, 160)))), 0.04, 150)
    parts = [
        *box((width, 1.2, height), frame),
        *place(box((width * 0.82, 0.2, height * 0.82), frame, {"front": shown}), (0, -0.65, height * 0.09)),
    ]
    return [part.turned(rotation("x", -9)) for part in parts]


def keys(rng: Generator) -> list[Part]:
    """A ring with two keys."""
    steel = shiny(0.66, 0.65, 0.62, 0.25, 80)
    turn = np.linspace(0, 2 * np.pi, 24)
    ring: Floats = np.stack([1.3 * np.cos(turn), 1.3 * np.sin(turn), np.full(24, 0.2)], 1)
    parts = [tube(ring, 0.12, steel, 6)]
    for angle in rng.uniform(0, 360, 2):
        key = [
            *box((3.2, 0.7, 0.25), steel),
            *place([lathe([(0.001, 0.25), (1.1, 0.25), (1.1, 0)], steel, 20)], (-2.2, 0, 0)),
        ]
        parts += place(place(key, (4.2, 0, 0)), turn=float(angle))
    return parts


ON_A_DESK = (cup, cup, pencil, pencil, glasses, phone, coins, letter, keys)
ON_A_SHELF = (vase, globe, framed_picture, plant)
