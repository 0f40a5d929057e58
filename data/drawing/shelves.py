"""Bookshelves: boards, and on them books that stand, lean, lie in piles or make room for a vase."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from . import clutter, covers
from .books import Format, closed_book, leaning, standing_book
from .geometry import Part, Vector, box, place, rotation
from .material import Material, Texture
from .pages import PAPERS
from .surfaces import DYES, MUTED, PAINTS, WOODS, Colour, pick, vary, wood

BOARD = 2.2


@dataclass(frozen=True)
class Case:
    """A bookcase: inner width, clear height of each shelf, depth, all in centimetres, and its colour."""

    width: float
    clear: tuple[float, ...]
    depth: float
    bays: int

    @property
    def height(self) -> float:
        """From the lowest board's underside to the top of the highest."""
        return sum(self.clear) + BOARD * (len(self.clear) + 1)


def draw_case(rng: Generator) -> Case:
    """A case of one to five shelves."""
    rows = int(rng.integers(2, 6))
    clear = tuple(float(v) for v in rng.uniform(24, 33, rows))
    return Case(float(rng.uniform(75, 105)), clear, float(rng.uniform(22, 28)), int(rng.integers(1, 3)))


def bookcase(rng: Generator, case: Case) -> list[Part]:
    """The case with its books, standing on z = 0, its front edges on y = 0, facing -y."""
    timber = (
        wood(rng, (300, 900), planks=1)
        if rng.random() < 0.65
        else wood(rng, (300, 900), pick(rng, PAINTS), 1) * 0.4 + 0.5
    )
    board = Material(Texture(timber), 0.02, 40)
    back = Material(Texture(np.asarray(timber * rng.uniform(0.6, 1.0), np.float32)))
    # Some people sort by colour, some own calf and vellum, some own everything.
    dyes = pick(rng, (DYES, MUTED, MUTED, (*PAPERS, *WOODS)))
    palette = tuple(vary(rng, pick(rng, dyes)) for _ in range(int(rng.integers(3, 12))))
    total = case.width * case.bays + BOARD * (case.bays + 1)
    parts: list[Part] = []
    z = 0.0
    for clear in (*case.clear, 0.0):
        parts += place(box((total, case.depth, BOARD), board), (0, case.depth / 2, z))
        if clear:
            for bay in range(case.bays):
                left = -total / 2 + BOARD + bay * (case.width + BOARD)
                parts += place(_row(rng, case.width, clear, palette), (left, 0, z + BOARD))
        z += clear + BOARD
    for bay in range(case.bays + 1):
        x = -total / 2 + BOARD / 2 + bay * (case.width + BOARD)
        parts += place(box((BOARD, case.depth - 0.1, case.height), board), (x, case.depth / 2, 0))
    parts += place(box((total, 0.6, case.height), back), (0, case.depth, 0))
    return parts


def _row(rng: Generator, width: float, clear: float, palette: tuple[Colour, ...]) -> list[Part]:
    """Books from x = 0 to `width` on z = 0."""
    parts: list[Part] = []
    fullness = float(rng.uniform(0.8, 1.3))
    x = float(rng.uniform(0.2, 2))
    while x < width - 3:
        room = width - x
        style = float(rng.random())
        if style < 0.10 and room > 16:
            pile, used = _pile(rng, clear, palette)
        elif style < 0.16 and room > 18:
            pile, used = _ornament(rng, clear)
        elif style < 0.34:
            pile, used = _series(rng, clear, palette, room)
        else:
            pile, used = _assorted(rng, clear, palette, room, fullness)
        parts += place(pile, (x, 0, 0))
        x += used
    return parts


def _front(rng: Generator) -> float:
    """How far behind the edge of the shelf a book stands."""
    return float(rng.uniform(0.8, 3.2))


def _assorted(
    rng: Generator, clear: float, palette: tuple[Colour, ...], room: float, fullness: float
) -> tuple[list[Part], float]:
    parts: list[Part] = []
    x = 0.0
    for _ in range(int(rng.integers(4, 12))):
        size = Format(
            float(rng.uniform(11, 17)), clear * float(rng.uniform(0.58, 0.95)), float(rng.gamma(5, 0.5) + 0.7)
        )
        if x + size.thickness > room:
            return parts, room
        parts += place(standing_book(rng, size, covers.binding(rng, pick(rng, palette))), (x, _front(rng), 0))
        x += size.thickness + 0.06
    if rng.random() > fullness - 0.45 and room - x > 14:
        # The last book leans on the one before it: its foot stands away by height times the sine of the tilt.
        size = Format(13, clear * float(rng.uniform(0.6, 0.85)), float(rng.uniform(1.2, 3)))
        tilt = float(rng.uniform(6, 20))
        foot = x + size.height * float(np.sin(np.radians(tilt)))
        book = leaning(standing_book(rng, size, covers.binding(rng, pick(rng, palette))), -tilt)
        parts += place(book, (foot, _front(rng), 0.0))
        x = foot + size.thickness + float(rng.uniform(0, 6))
    return parts, x


def _series(rng: Generator, clear: float, palette: tuple[Colour, ...], room: float) -> tuple[list[Part], float]:
    """Volumes that look alike."""
    design = covers.binding(rng, pick(rng, palette))
    size = Format(14, clear * float(rng.uniform(0.6, 0.95)), float(rng.uniform(1.4, 4.2)))
    count = min(int(rng.integers(3, 10)), int(room / size.thickness))
    front, seed = _front(rng), int(rng.integers(2**32))
    parts: list[Part] = []
    for number in range(count):
        # Every volume starts from the same random state, so that spines repeat.
        volume = standing_book(np.random.default_rng(seed), size, design)
        parts += place(volume, (number * (size.thickness + 0.05), front, 0))
    return parts, count * (size.thickness + 0.05) if count else room


def _pile(rng: Generator, clear: float, palette: tuple[Colour, ...]) -> tuple[list[Part], float]:
    """Books lying on each other, spines to the front."""
    parts: list[Part] = []
    z, widest = 0.0, 0.0
    for _ in range(int(rng.integers(3, 8))):
        size = Format(13, float(rng.uniform(17, 25)), float(rng.uniform(1.4, 3.8)))
        if z + size.thickness > clear - 2:
            break
        # Turned to lie down, the book reaches from x = 0 to its height and from its thickness down to z = 0.
        book = leaning(standing_book(rng, size, covers.binding(rng, pick(rng, palette))), 90)
        parts += place(book, (float(rng.uniform(0, 1.5)), _front(rng), z + size.thickness))
        z += size.thickness + 0.03
        widest = max(widest, size.height + 1.5)
    return parts, widest + 0.3


def _ornament(rng: Generator, clear: float) -> tuple[list[Part], float]:
    kind = pick(rng, ("vase", "globe", "picture", "plant", "face"))
    middle: Vector = (8.0, 9.0, 0.0)
    if kind == "vase":
        return place(clutter.vase(rng, min(20, clear * 0.75)), middle), 15.0
    if kind == "globe":
        return place(clutter.globe(rng, min(7, clear * 0.27)), middle), 16.0
    if kind == "plant":
        return place(clutter.plant(rng, 0.62), middle), 16.0
    if kind == "picture":
        return place(clutter.framed_picture(rng, 13), middle), 16.0
    # A book shown with its front outwards.
    size = Format(13.5, min(20, clear * 0.8), 2.0)
    upright = [part.turned(rotation("x", 82)) for part in closed_book(rng, size)]
    return place(upright, (7.5, 7.0, size.height / 2)), 15.5
