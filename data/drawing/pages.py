"""What is printed on the pages of an open book."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from . import art, lettering
from .lettering import Ink
from .noise import fbm, speckle
from .surfaces import Colour, pick, vary

WIDTH = 760

PAPERS: tuple[Colour, ...] = (
    (0.97, 0.96, 0.94),
    (0.95, 0.92, 0.84),
    (0.91, 0.85, 0.73),
    (0.94, 0.94, 0.95),
    (0.86, 0.80, 0.68),
)


@dataclass(frozen=True)
class Design:
    """What all pages of one book share: paper colour, ink, size of type in pixels, (width, height), layout."""

    paper: Colour
    ink: Ink
    type_size: int
    size: tuple[int, int]
    layout: Callable[[Image.Image, Generator, "Design"], None]
    heading: str

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """The type area: left, top, right, bottom."""
        width, height = self.size
        return width * 0.12, height * 0.1, width * 0.88, height * 0.9


def prose(page: Image.Image, rng: Generator, design: Design) -> None:
    """A novel: one column, sometimes opening a chapter."""
    left, top, right, bottom = design.frame
    size = design.type_size
    if rng.random() < 0.3:
        top += (bottom - top) * 0.18
        lettering.centred(page, (page.width / 2, top), str(rng.integers(2, 30)), size * 2, design.ink, right - left)
        below = lettering.centred(
            page, (page.width / 2, top + size * 3), lettering.title(rng), size * 2, design.ink, right - left
        )
        top = below + size * 3
    lettering.set_text(ImageDraw.Draw(page), rng, (left, top, right, bottom), size, design.ink)


def columns(page: Image.Image, rng: Generator, design: Design) -> None:
    """A reference book: two columns with headings and small figures."""
    left, top, right, bottom = design.frame
    size = max(9, round(design.type_size * 0.8))
    gap = (right - left) * 0.06
    width = (right - left - gap) / 2
    draw = ImageDraw.Draw(page)
    for x in (left, left + width + gap):
        y = top
        while y < bottom - size * 8:
            stop = min(bottom, y + rng.uniform(0.2, 0.5) * (bottom - top))
            if rng.random() < 0.3:
                _figure(page, rng, (x, y, x + width, stop), design)
            else:
                heading = lettering.title(rng)
                lettering.centred(page, (x + width / 2, y), heading, round(size * 1.3), design.ink, width, 0.03)
                lettering.set_text(draw, rng, (x, y + size * 2, x + width, stop), size, design.ink, 1.25)
            y = stop + size


def illustrated(page: Image.Image, rng: Generator, design: Design) -> None:
    """A large figure with a caption and text around it."""
    left, top, right, bottom = design.frame
    size = design.type_size
    draw = ImageDraw.Draw(page)
    split = top + rng.uniform(0.22, 0.36) * (bottom - top)
    figure, text = (left, top, right, split - size * 2.4), (left, split, right, bottom)
    if rng.random() < 0.5:
        split = top + bottom - split
        figure, text = (left, split, right, bottom - size * 2), (left, top, right, split - size)
    _figure(page, rng, figure, design)
    caption = " ".join(lettering.sentence_words(rng, 8))
    lettering.centred(
        page, (page.width / 2, figure[3] + size * 0.6), caption, round(size * 0.8), design.ink, right - left
    )
    lettering.set_text(draw, rng, text, size, design.ink)


def verse(page: Image.Image, rng: Generator, design: Design) -> None:
    """Short ragged lines in stanzas."""
    left, top, right, bottom = design.frame
    size = round(design.type_size * 1.15)
    draw = ImageDraw.Draw(page)
    y = lettering.centred(page, (page.width / 2, top), lettering.title(rng), size * 2, design.ink, right - left) + size
    indent = left + (right - left) * 0.12
    line = 0
    while y < bottom - size * 2:
        draw.text(
            (indent, y),
            " ".join(lettering.sentence_words(rng, int(rng.integers(4, 9)))),
            design.ink,
            lettering.font(size),
        )
        line += 1
        y += size * (2.6 if line % 4 == 0 else 1.4)


def _figure(page: Image.Image, rng: Generator, frame: tuple[float, float, float, float], design: Design) -> None:
    left, top, right, bottom = (round(v) for v in frame)
    shape = (max(8, bottom - top), max(8, right - left))
    drawn = art.chart(rng, shape, design.paper) if rng.random() < 0.3 else art.picture(rng, shape)
    if rng.random() < 0.75:
        drawn = np.repeat(drawn.mean(2, keepdims=True), 3, 2) * np.array(design.paper, np.float32)
    page.paste(art.as_image(drawn), (left, top))


LAYOUTS = (prose, columns, prose, illustrated, prose, columns, verse)


def design(rng: Generator, proportion: float, number: int) -> Design:
    """A book's typography; `proportion` is height over width of a page; numbers take the layouts in turn."""
    dark = ink_tone = float(rng.uniform(0.08, 0.25))
    size = (WIDTH, round(WIDTH * proportion))
    colour = art.ink((dark, ink_tone, float(rng.uniform(0.08, 0.3))))
    return Design(
        vary(rng, pick(rng, PAPERS), 0.02),
        colour,
        int(rng.integers(16, 23)),
        size,
        LAYOUTS[number % len(LAYOUTS)],
        lettering.title(rng),
    )


def page(rng: Generator, book: Design, number: int) -> Image.Image:
    """One printed page with its header, number and the unevenness of paper."""
    shape = (book.size[1], book.size[0])
    shade = 1 + 0.015 * fbm(rng, shape, (5, 5), 5) + speckle(rng, shape, 0.008)
    sheet = art.as_image(shade[..., None] * np.array(book.paper, np.float32))
    small = max(9, round(book.type_size * 0.8))
    if number % 5:
        lettering.centred(
            sheet, (book.size[0] / 2, book.size[1] * 0.05), book.heading.upper(), small, book.ink, book.size[0] * 0.7
        )
    lettering.centred(sheet, (book.size[0] / 2, book.size[1] * 0.935), str(number), small, book.ink, 200)
    book.layout(sheet, rng, book)
    return sheet


def edges(rng: Generator, paper: Colour, shape: tuple[int, int] = (160, 400)) -> Image.Image:
    """The block of pages seen from the side: fine lines across the picture."""
    lines = np.repeat(rng.uniform(0.74, 1.0, (shape[0], 1)), shape[1], 1).astype(np.float32)
    lines = lines * (1 + 0.05 * fbm(rng, shape, (shape[0] / 3, 5), 3))
    return art.as_image(lines[..., None] * np.array(paper, np.float32))
