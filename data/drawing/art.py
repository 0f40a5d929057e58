"""Flat pictures for covers, pages, frames and backdrops: hills, seas, flowers, shapes, charts."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from .noise import Floats, Shape, fbm, smoothstep, speckle
from .surfaces import DYES, Colour, pick, vary


def as_image(picture: Floats) -> Image.Image:
    """A Pillow image of an (h, w, 3) array between 0 and 1."""
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


def ink(colour: Colour) -> tuple[int, int, int]:
    """The colour as bytes."""
    r, g, b = (round(float(np.clip(c, 0, 1)) * 255) for c in colour)
    return r, g, b


def gradient(shape: Shape, top: Colour, bottom: Colour) -> Floats:
    """A vertical blend of two colours, (h, w, 3)."""
    t = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    blend = np.array(top, np.float32) * (1 - t) + np.array(bottom, np.float32) * t
    return np.broadcast_to(blend, (*shape, 3)).copy()


def hills(rng: Generator, shape: Shape) -> Floats:
    """Ridges fading into a sky."""
    height, width = shape
    picture = gradient(shape, vary(rng, pick(rng, DYES)), vary(rng, (0.92, 0.84, 0.70)))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sun = (rng.uniform(0.2, 0.8) * width, rng.uniform(0.15, 0.45) * height)
    disc = smoothstep(0.09 * width, 0.08 * width, np.hypot(x - sun[0], y - sun[1]))
    picture = picture * (1 - disc[..., None]) + disc[..., None] * np.array([0.98, 0.92, 0.78])
    near = np.array(vary(rng, pick(rng, DYES)), np.float32) * 0.7
    layers = int(rng.integers(3, 6))
    for layer in range(layers):
        depth = (layer + 1) / layers
        ridge = height * (0.35 + 0.45 * depth) + fbm(rng, (2, width), (2, 4 + 3 * layer), 5)[0] * height * 0.12
        mask = smoothstep(0, 2, y - ridge[None, :])[..., None]
        colour = near * depth + np.array([0.80, 0.80, 0.78]) * (1 - depth)
        picture = picture * (1 - mask) + mask * colour * (1 + 0.1 * fbm(rng, shape, (20, 20), 4)[..., None])
    return np.clip(picture, 0, 1)


def shapes(rng: Generator, shape: Shape) -> Floats:
    """A modernist arrangement of discs, bars and triangles."""
    height, width = shape
    picture = as_image(gradient(shape, vary(rng, pick(rng, DYES)), vary(rng, pick(rng, DYES))))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(3, 9))):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.08, 0.4) * width
        colour = ink(vary(rng, pick(rng, DYES)))
        kind = rng.integers(3)
        if kind == 0:
            draw.ellipse((x - r, y - r, x + r, y + r), colour)
        elif kind == 1:
            draw.rectangle((x - r, y - r / 4, x + r, y + r / 4), colour)
        else:
            draw.polygon([(x, y - r), (x + r, y + r), (x - r, y + r / 2)], colour)
    return np.asarray(picture, np.float32) / 255


def flower(rng: Generator, shape: Shape) -> Floats:
    """Blossoms on stems over a plain ground."""
    height, width = shape
    picture = as_image(gradient(shape, vary(rng, pick(rng, DYES)), vary(rng, pick(rng, DYES))))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(3, 8))):
        x, y, r = rng.uniform(0.15, 0.85) * width, rng.uniform(0.15, 0.7) * height, rng.uniform(0.06, 0.16) * width
        foot = x + rng.normal(0, 0.1) * width
        draw.line(
            [(x, y), ((x + foot) / 2 + r / 2, (y + height) / 2), (foot, height)], (60, 90, 50), max(2, round(r / 6))
        )
        petals = int(rng.integers(5, 10))
        colour = vary(rng, pick(rng, DYES))
        for k in range(petals):
            a = 2 * np.pi * k / petals
            px, py = x + r * np.cos(a) * 0.7, y + r * np.sin(a) * 0.7
            draw.ellipse((px - r / 2, py - r / 2, px + r / 2, py + r / 2), ink(vary(rng, colour)))
        draw.ellipse((x - r / 3, y - r / 3, x + r / 3, y + r / 3), (220, 180, 70))
    return np.asarray(picture, np.float32) / 255


def clouds(rng: Generator, shape: Shape) -> Floats:
    """Colour drifting into colour, like a blurred photograph."""
    share = smoothstep(-0.8, 0.8, fbm(rng, shape, (2, 2), 6))[..., None]
    other = smoothstep(-0.8, 0.8, fbm(rng, shape, (3, 3), 6))[..., None]
    one, two, three = (np.array(vary(rng, pick(rng, DYES)), np.float32) for _ in range(3))
    mixed = one * share + two * (1 - share)
    return np.clip(mixed * other + three * (1 - other) + speckle(rng, shape, 0.02)[..., None], 0, 1)


def picture(rng: Generator, shape: Shape) -> Floats:
    """Any of the above, (h, w, 3) in sRGB between 0 and 1."""
    return pick(rng, (hills, shapes, flower, hills))(rng, shape)


def chart(rng: Generator, shape: Shape, paper: Colour) -> Floats:
    """A line or bar chart on paper."""
    height, width = shape
    image = Image.new("RGB", (width, height), ink(paper))
    draw = ImageDraw.Draw(image)
    draw.line(
        [(width * 0.08, height * 0.05), (width * 0.08, height * 0.92), (width * 0.97, height * 0.92)], (40, 40, 40), 3
    )
    count = int(rng.integers(5, 11))
    heights = np.clip(rng.uniform(0.1, 0.8, count), 0, 1)
    xs = np.linspace(0.14, 0.93, count) * width
    colour = ink(vary(rng, pick(rng, DYES)))
    if rng.random() < 0.5:
        for x, h in zip(xs.tolist(), heights.tolist(), strict=True):
            draw.rectangle((x - width * 0.015, height * (0.92 - h), x + width * 0.015, height * 0.92), colour)
    else:
        draw.line([(x, height * (0.9 - h)) for x, h in zip(xs.tolist(), heights.tolist(), strict=True)], colour, 3)
    return np.asarray(image, np.float32) / 255
