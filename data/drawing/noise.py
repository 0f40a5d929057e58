"""Smooth random fields: the grain of wood, the weave of cloth, the unevenness of everything."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

type Floats = NDArray[np.floating[Any]]
type Shape = tuple[int, int]


def resample(field: Floats, shape: Shape) -> Floats:
    """Stretch a (h, w) field to `shape` with bicubic interpolation."""
    picture = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def value_noise(rng: Generator, shape: Shape, cells: tuple[float, float]) -> Floats:
    """One octave of value noise in about -1..1: random numbers on a grid of `cells` (down, across), interpolated."""
    grid = rng.uniform(-1, 1, (max(2, round(cells[0])) + 1, max(2, round(cells[1])) + 1))
    return resample(grid.astype(np.float32), shape)


def fbm(rng: Generator, shape: Shape, cells: tuple[float, float], octaves: int = 5, gain: float = 0.5) -> Floats:
    """Fractional Brownian motion, about -1..1: octaves of value noise, each twice as fine, `gain` times as strong."""
    total = np.zeros(shape, np.float32)
    power = 0.0
    for octave in range(octaves):
        size = (cells[0] * 2**octave, cells[1] * 2**octave)
        total += np.float32(gain**octave) * value_noise(rng, shape, (min(size[0], shape[0]), min(size[1], shape[1])))
        power += gain ** (2 * octave)
    return total / np.float32(np.sqrt(power))


def speckle(rng: Generator, shape: Shape, strength: float) -> Floats:
    """White noise of standard deviation `strength`, the finest grain there is."""
    return rng.normal(0, strength, shape).astype(np.float32)


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """Hermite ramp: 0 below `low`, 1 above `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
