"""Fronts and spines of books."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from . import art, lettering
from .lettering import Ink
from .noise import fbm, smoothstep
from .surfaces import DYES, MUTED, Colour, leather, linen, pick, vary

HEIGHT = 720
GOLD: Ink = (206, 170, 92)
CREAM: Ink = (240, 233, 215)
BLACK: Ink = (28, 26, 28)


@dataclass(frozen=True)
class Binding:
    """What front, spine and back of one book share."""

    colour: Colour
    ink: Ink
    title: str
    author: str
    front: Callable[[Image.Image, Generator, "Binding"], Image.Image]
    fabric: bool


def binding(rng: Generator, colour: Colour | None = None, number: int | None = None) -> Binding:
    """A book's outward design; numbered books take the designs in turn."""
    colour = vary(rng, colour or pick(rng, (*DYES, *MUTED)))
    brightness = sum(colour) / 3
    letters = BLACK if brightness > 0.48 else CREAM if brightness > 0.3 else pick(rng, (GOLD, CREAM))
    front = pick(rng, FRONTS) if number is None else FRONTS[number % len(FRONTS)]
    return Binding(
        colour, letters, lettering.title(rng), lettering.author(rng), front, front is classic or rng.random() < 0.3
    )


def base(rng: Generator, book: Binding, size: tuple[int, int]) -> Image.Image:
    """The bare cover material, (width, height) pixels."""
    shape = (size[1], size[0])
    if book.fabric:
        return art.as_image(pick(rng, (linen, leather))(rng, shape, book.colour))
    return art.as_image(np.array(book.colour, np.float32) * (1 + 0.03 * fbm(rng, shape, (4, 4), 5))[..., None])


def classic(page: Image.Image, rng: Generator, book: Binding) -> Image.Image:
    """Tooled rules around a title and an emblem."""
    w, h = page.size
    _rules(page, book)
    below = lettering.centred(page, (w / 2, h * 0.18), lettering.wrapped(book.title, 10), w // 9, book.ink, w * 0.7)
    radius = w * float(rng.uniform(0.09, 0.15))
    _emblem(page, rng, book, (w / 2, max(h * 0.56, below + radius * 1.3)), radius)
    lettering.centred(page, (w / 2, h * 0.84), book.author, w // 16, book.ink, w * 0.7)
    return page


def _emblem(page: Image.Image, rng: Generator, book: Binding, centre: tuple[float, float], radius: float) -> None:
    """A star within a star."""
    points = int(rng.integers(4, 9))
    for ring in (1.0, 0.62):
        reach = [radius * ring * (1.0 if k % 2 == 0 else 0.5) for k in range(2 * points)]
        turn = np.pi * np.arange(2 * points) / points
        star = [
            (centre[0] + r * float(np.sin(a)), centre[1] - r * float(np.cos(a)))
            for r, a in zip(reach, turn, strict=True)
        ]
        ImageDraw.Draw(page).polygon(star, outline=book.ink, width=4)


def jacket(page: Image.Image, rng: Generator, book: Binding) -> Image.Image:
    """A dust jacket: a strip of landscape from edge to edge between title and author."""
    w, h = page.size
    top, strip = round(h * rng.uniform(0.36, 0.46)), round(h * 0.36)
    page.paste(art.as_image(art.hills(rng, (strip, w))), (0, top))
    draw = ImageDraw.Draw(page)
    for y in (top - 6, top + strip + 5):
        draw.line([(0, y), (w, y)], book.ink, 3)
    _rules(page, book)
    title = lettering.wrapped(book.title.upper(), 13)
    lettering.centred(page, (w / 2, h * 0.13), title, min(w // 9, top // 4), book.ink, w * 0.74, 0.015)
    lettering.centred(page, (w / 2, h - w * 0.18), book.author, w // 15, book.ink, w * 0.7)
    return page


def _rules(page: Image.Image, book: Binding) -> None:
    """Two thin rules around the cover."""
    draw = ImageDraw.Draw(page)
    w, h = page.size
    for inset in (0.06, 0.09):
        draw.rectangle((w * inset, w * inset, w - w * inset, h - w * inset), outline=book.ink, width=3)


def panel(page: Image.Image, rng: Generator, book: Binding) -> Image.Image:
    """A small framed picture below or above a plain title, rules around it all."""
    w, h = page.size
    top = 0.42 if rng.random() < 0.6 else 0.14
    frame = art.as_image(art.picture(rng, (round(h * 0.36), round(w * 0.64))))
    page.paste(frame, (round(w * 0.18), round(h * top)))
    ImageDraw.Draw(page).rectangle(
        (w * 0.16, h * top - w * 0.02, w * 0.84, h * (top + 0.36) + w * 0.02), outline=book.ink, width=3
    )
    _rules(page, book)
    y = h * (0.14 if top > 0.2 else 0.58)
    lettering.centred(
        page, (w / 2, y), lettering.wrapped(book.title, 14), min(w // 10, h // 11), book.ink, w * 0.74, 0.01
    )
    lettering.centred(page, (w / 2, h - w * 0.18), book.author, w // 15, book.ink, w * 0.7)
    return page


def bands(page: Image.Image, rng: Generator, book: Binding) -> Image.Image:
    """Broad bands of colour, as series use."""
    draw = ImageDraw.Draw(page)
    w, h = page.size
    edge = float(rng.uniform(0.2, 0.3))
    other = art.ink(vary(rng, pick(rng, DYES)))
    draw.rectangle((0, 0, w, h * edge), other)
    draw.rectangle((0, h * (1 - edge * 0.8), w, h), other)
    for y in (h * edge + w * 0.03, h * (1 - edge * 0.8) - w * 0.03):
        draw.line([(0, y), (w, y)], book.ink, 3)
    _rules(page, book)
    title = lettering.wrapped(book.title, 12)
    below = lettering.centred(page, (w / 2, h * (edge + 0.06)), title, w // 8, book.ink, w * 0.74, 0.01)
    low, radius = h * (1 - edge * 0.8), w * 0.1
    if low - below > radius * 2.4:
        _emblem(page, rng, book, (w / 2, (low + below) / 2), radius)
    contrast = BLACK if sum(other) > 380 else CREAM
    lettering.centred(page, (w / 2, h * edge * 0.4), book.author, w // 13, contrast, w * 0.8)
    return page


FRONTS = (classic, panel, bands, classic, jacket, panel, bands)


def front(rng: Generator, book: Binding, proportion: float) -> Image.Image:
    """The front cover, `proportion` its height over its width, worn at the edges."""
    size = (round(HEIGHT / proportion), HEIGHT)
    page = book.front(base(rng, book, size), rng, book)
    picture = np.asarray(page, np.float32) / 255
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    edge = np.minimum(np.minimum(x, size[0] - x), np.minimum(y, size[1] - y))
    wear = smoothstep(5, 0, edge + 5 * fbm(rng, (size[1], size[0]), (14, 9), 5)) * rng.uniform(0.0, 0.3)
    picture = picture + (0.75 - picture) * wear[..., None]
    # The groove along the hinge.
    hinge = np.exp(-(((x - size[0] * 0.06) / (size[0] * 0.012)) ** 2))
    return art.as_image(picture * (1 - 0.25 * hinge)[..., None])


def spine(rng: Generator, book: Binding, size: tuple[int, int]) -> Image.Image:
    """A spine, (width, height) pixels: title along it, bands, a publisher's mark."""
    width, height = size
    page = base(rng, book, size)
    draw = ImageDraw.Draw(page)
    contrast = art.ink(vary(rng, pick(rng, DYES)))
    for _ in range(int(rng.integers(0, 4))):
        y, thick = rng.uniform(0.03, 0.97) * height, rng.uniform(0.004, 0.02) * height
        draw.rectangle((0, y, width, y + thick), book.ink if rng.random() < 0.6 else contrast)
    if rng.random() < 0.3:
        top = rng.uniform(0.1, 0.5) * height
        draw.rectangle((0, top, width, top + rng.uniform(0.1, 0.3) * height), contrast)
    strip = Image.new("L", (height, width), 0)
    letters = ImageDraw.Draw(strip)
    text = book.title.upper() if rng.random() < 0.5 else book.title
    wide = min(width * rng.uniform(0.4, 0.7), height * 0.09)
    fitted = max(6, round(wide))
    while fitted > 6 and lettering.font(fitted).getlength(text) > height * 0.62:
        fitted -= 1
    letters.text((height * 0.42, width / 2), text, 255, lettering.font(fitted), anchor="mm", stroke_width=fitted * 0.02)
    small = max(6, round(fitted * 0.6))
    if width > 24:
        letters.text((height * 0.85, width / 2), book.author.split()[1], 255, lettering.font(small), anchor="mm")
    page.paste(book.ink, mask=strip.rotate(-90, expand=True))
    return page
