"""The three kinds of picture that belong together: open books, closed books, bookshelves."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image

from . import clutter, covers, surfaces
from .books import Format, closed_book, open_book
from .camera import Camera, orbit
from .geometry import Part, Vector, place, quad
from .lens import Lens, photograph
from .light import Rig, bounds
from .material import Material, Texture
from .noise import Floats, fbm, smoothstep
from .render import Scene, render
from .shelves import bookcase, draw_case
from .surfaces import pick

# Width and height in pixels; what telephones, cameras and cropping make of a picture.
WIDE = ((640, 480), (640, 427), (660, 440), (600, 480), (640, 500), (560, 480))
TALL = ((480, 640), (450, 600), (480, 600), (500, 600))
SQUARE = ((540, 540), (520, 500))

GREY = np.full((1, 1, 3), 0.3, np.float32)

COOL = (0.80, 0.92, 1.12)
NEUTRAL = (1.0, 0.98, 0.95)
WARM = (1.20, 0.92, 0.62)
SUN = (1.14, 0.98, 0.80)
# Saturation from and to, warm or cool cast and its spread: true colours, a mixed light, a faded print, evening, a shady
# room. They give the same book any colour histogram; VGG16 hardly minds (median cosine below 0.05 on 42 pictures).
GRADES = (
    (0.75, 1.1, 0.0, 0.06),
    (0.7, 1.0, 0.0, 0.09),
    (0.35, 0.6, 0.0, 0.08),
    (0.4, 0.8, 0.16, 0.05),
    (0.45, 0.85, -0.13, 0.05),
)


def scaled(colour: Vector, factor: float) -> Vector:
    """The colour times a factor."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def panes(rng: Generator) -> Floats:
    """What sunlight passes through: a window with glazing bars, or leaves."""
    if rng.random() < 0.5:
        y, x = np.mgrid[0:256, 0:256].astype(np.float32)
        step = rng.uniform(70, 120)
        gap = np.minimum(
            np.abs((x + rng.uniform(0, step)) % step - step / 2),
            np.abs((y + rng.uniform(0, step)) % (step * 1.3) - step / 2),
        )
        return 0.3 + 0.7 * smoothstep(4, 9, gap)
    return 0.3 + 0.7 * smoothstep(-0.5, 0.5, fbm(rng, (256, 256), (7, 7), 4))


def direction(elevation: float, azimuth: float) -> Vector:
    """A unit vector, `azimuth` counted from the front (-y), in degrees."""
    return orbit((0, 0, 0), 1, elevation, azimuth)


def draw_rig(rng: Generator, open_to: Vector = (0, 0, 1), around: float = 0.0) -> Rig:
    """Daylight from a window, sun, a lamp, or an overcast sky; `around` is the azimuth the light tends to come from."""
    kind = pick(rng, ("window", "window", "sun", "lamp", "overcast"))
    azimuth = around + float(rng.uniform(-130, 130)) * (0.5 if open_to[2] < 0.9 else 1.3)
    walls = pick(rng, (COOL, NEUTRAL, NEUTRAL, WARM))
    if kind == "window":
        light = scaled(pick(rng, (COOL, NEUTRAL)), float(rng.uniform(1.2, 2.2)))
        room = float(rng.uniform(0.35, 0.7))
        return Rig(
            direction(float(rng.uniform(22, 60)), azimuth),
            light,
            float(rng.uniform(9, 20)),
            _room(walls, room),
            open_to,
        )
    if kind == "sun":
        light = scaled(SUN, float(rng.uniform(2.2, 3.6)))
        gobo = panes(rng) if rng.random() < 0.6 else None
        room = float(rng.uniform(0.45, 0.8))
        return Rig(
            direction(float(rng.uniform(30, 62)), azimuth), light, 0.8, _room(walls, room), open_to, 0.2, gobo=gobo
        )
    if kind == "lamp":
        toward = direction(float(rng.uniform(38, 75)), azimuth)
        light = scaled(WARM, float(rng.uniform(1.4, 2.4)))
        room = float(rng.uniform(0.18, 0.45))
        return Rig(
            toward, light, 5.0, _room(walls, room), open_to, 0.3, lamp=scaled(toward, float(rng.uniform(55, 110)))
        )
    light = scaled(NEUTRAL, float(rng.uniform(0.5, 0.9)))
    return Rig(direction(float(rng.uniform(50, 80)), azimuth), light, 40, _room(walls, 0.9), open_to)


def _room(walls: Vector, level: float) -> tuple[Vector, Vector, Vector]:
    return scaled(walls, level * 0.45), scaled(walls, level * 0.8), scaled(walls, level * 1.25)


def draw_lens(rng: Generator, focus: float) -> Lens:
    """Everyday photography: the exposure, colour balance, blur and noise of telephones and small cameras."""
    low, high, cast, spread = pick(rng, GRADES)
    warmth = float(rng.normal(cast, spread))
    return Lens(
        focus=focus,
        aperture=float(rng.choice([0.0, 1.5, 2.5, 4.0])),
        exposure=float(np.exp(rng.uniform(np.log(0.13), np.log(0.3)))),
        contrast=float(rng.uniform(0.15, 0.55)),
        headroom=float(rng.uniform(0.55, 1.0)),
        balance=(1 + warmth, 1 + float(rng.normal(0, 0.015)), 1 - warmth),
        vignette=float(rng.uniform(0.05, 0.4)),
        grain=float(rng.uniform(0.006, 0.022)),
        softness=float(rng.uniform(0.35, 0.8)),
        haze=float(rng.uniform(0.0, 0.02)),
        saturation=float(rng.uniform(low, high)),
    )


def desk(rng: Generator) -> list[Part]:
    """A table top, 125 by 105 centimetres, against a wall."""
    top = Material(Texture(pick(rng, surfaces.TABLES)(rng)), float(rng.choice([0.0, 0.0, 0.02, 0.04])), 60)
    wall = Material(Texture(pick(rng, surfaces.WALLS)(rng)))
    floor = Material(Texture(pick(rng, (surfaces.wood, surfaces.carpet))(rng)))
    back = float(rng.uniform(36, 52))
    return [
        quad((-62, back, 0), (125, 0, 0), (0, -105, 0), top, 24),
        quad((-160, back + 1, 110), (320, 0, 0), (0, 0, -200), wall, 16),
        quad((-200, back, -74), (400, 0, 0), (0, -300, 0), floor, 16),
    ]


def scatter(rng: Generator, keep_clear: float, count: int) -> list[Part]:
    """Clutter on the table around a circle that belongs to the book."""
    parts: list[Part] = []
    start = float(rng.uniform(0, 360))
    for number in range(count):
        thing = pick(rng, clutter.ON_A_DESK)(rng)
        around = np.radians(start + number * 360 / max(count, 1) + rng.uniform(-25, 25))
        reach = keep_clear + bounds(thing)[1] * 0.7 + float(rng.uniform(0, 4))
        offset = (float(np.cos(around)) * reach * 1.1, float(np.sin(around)) * reach * 0.9, 0.0)
        parts += place(thing, offset, float(rng.uniform(0, 360)))
    return parts


def shoot(
    things: Sequence[Part],
    stage: Sequence[Part],
    camera: Camera,
    rig: Rig,
    lens: Lens,
    rng: Generator,
    backdrop: Floats = GREY,
) -> Image.Image:
    """The photograph of a scene; parameters are those of `Scene` and `photograph`."""
    light, distance = render(Scene(things, stage, camera, rig, backdrop), rng)
    return photograph(light, distance, lens, rng)


def _on_a_desk(
    rng: Generator, book: list[Part], clear: float, fill: float, sizes: tuple[tuple[int, int], ...]
) -> Image.Image:
    """A book in the middle of a table, seen from above at an angle."""
    centre, radius = bounds(book)
    size = pick(rng, sizes)
    angle = float(rng.uniform(34, 58))
    # The field of view holds for the longer side; the book has to fit the shorter.
    short = np.degrees(2 * np.arctan(np.tan(np.radians(angle / 2)) * min(size) / max(size)))
    distance = radius / float(np.sin(np.radians(0.5 * (0.6 * short + 0.4 * angle)))) / fill
    aim = (
        float(centre[0] + rng.uniform(-0.07, 0.07) * radius),
        float(centre[1] + rng.uniform(-0.07, 0.07) * radius),
        float(centre[2]),
    )
    place_of = orbit(aim, distance, float(rng.uniform(42, 80)), float(rng.uniform(-16, 16)))
    camera = Camera(place_of, aim, angle, size, float(rng.normal(0, 2)))
    things = [*book, *scatter(rng, clear, int(rng.integers(0, 4)))]
    return shoot(things, desk(rng), camera, draw_rig(rng), draw_lens(rng, distance), rng)


def open_book_picture(rng: Generator, number: int) -> Image.Image:
    """An open book on a table."""
    size = Format.draw(rng)
    book = place(open_book(rng, size, number), turn=float(rng.uniform(-24, 24)))
    return _on_a_desk(rng, book, size.width * 1.0, float(rng.uniform(1.3, 1.55)), (*WIDE, *SQUARE))


def closed_book_picture(rng: Generator, number: int) -> Image.Image:
    """A closed book on a table."""
    size = Format.draw(rng)
    book = place(closed_book(rng, size, covers.binding(rng, number=number)), turn=float(rng.uniform(-18, 18)))
    return _on_a_desk(rng, book, size.height * 0.55, float(rng.uniform(1.15, 1.35)), (*TALL, *SQUARE))


def book_shelf_picture(rng: Generator, _number: int) -> Image.Image:
    """A bookcase, near enough to read the spines or far enough to see the wall."""
    case = draw_case(rng)
    size = pick(rng, (*WIDE, *TALL, *SQUARE))
    angle = float(rng.uniform(40, 62))
    shown = float(rng.uniform(70, 125))
    wanted = min(shown, case.width * case.bays * 1.1, case.height * 1.15 * max(size) / min(size))
    distance = wanted / 2 / float(np.tan(np.radians(angle / 2)))
    z = case.height * 0.5 + float(rng.normal(0, 4))
    aim = (float(rng.normal(0, 8)), 0.0, z)
    camera = Camera(
        orbit(aim, distance, float(rng.normal(4, 8)), float(rng.normal(0, 18))),
        aim,
        angle,
        size,
        float(rng.normal(0, 1.5)),
    )
    wall = Material(Texture(pick(rng, surfaces.WALLS)(rng)))
    floor = Material(Texture(pick(rng, (surfaces.wood, surfaces.carpet))(rng)))
    stage = [
        quad((-200, case.depth + 1, 240), (400, 0, 0), (0, 0, -260), wall, 16),
        quad((-200, case.depth, -6), (400, 0, 0), (0, -300, 0), floor, 16),
    ]
    rig = draw_rig(rng, (0, -0.8, 0.6))
    return shoot(bookcase(rng, case), stage, camera, rig, draw_lens(rng, distance), rng)
