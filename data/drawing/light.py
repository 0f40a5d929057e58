"""Light: a soft key light and a surrounding sky, both as bundles of directions that each cast a shadow map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .geometry import Part, Vector
from .noise import Floats
from .raster import rasterise

# A sample sees a quarter of the directions (render.py interleaves them over 2 x 2 samples), so both are multiples of
# four. Fewer than these leave visible steps in penumbras.
KEY_DIRECTIONS = 32
SKY_DIRECTIONS = 48
MAP_SIZE = 448
# How far, in shadow-map texels, a point is lifted off its surface before asking whether it is lit.
LIFT_TEXELS = 1.6
RADII_BEHIND = 40


@dataclass(frozen=True)
class Rig:
    """The lighting of one picture.

    `key` points from the scene to the key light, whose `softness` is the angle of its cone in degrees; `sky` are the
    colours from below, from the side and from above, seen from within the half-space around `open_to`; `glare` adds a
    bright window to the sky in the key's direction. `lamp` is where a near key light hangs (its light falls off with
    distance), None for the sun or a window. `gobo`, a (h, w) picture of what the key light shines through, spans
    `gobo_size` centimetres.
    """

    key: Vector
    key_colour: Vector
    softness: float
    sky: tuple[Vector, Vector, Vector]
    open_to: Vector = (0, 0, 1)
    glare: float = 0.5
    lamp: Vector | None = None
    gobo: Floats | None = None
    gobo_size: float = 80.0

    def sky_colour(self, directions: Floats) -> Floats:
        """Radiance (n, 3) of the surroundings in unit `directions` (n, 3)."""
        below, side, above = (np.array(colour, np.float32) for colour in self.sky)
        height = directions[:, 2:3]
        colour = side + np.maximum(height, 0) * (above - side) + np.maximum(-height, 0) * (below - side)
        lobe = np.exp(6 * (along(directions, unit(self.key)) - 1))[:, None]
        return colour + self.glare * lobe * np.array(self.key_colour, np.float32)

    def key_strength(self, points: Floats) -> Floats:
        """What distance and the gobo leave of the key light at points (n, 3)."""
        strength = np.ones(len(points), np.float32)
        if self.lamp is not None:
            away = points - np.array(self.lamp, np.float32)
            squared = away[:, 0] ** 2 + away[:, 1] ** 2 + away[:, 2] ** 2
            strength = np.float32(np.dot(self.lamp, self.lamp)) / np.maximum(squared, 1)
        if self.gobo is not None:
            across, up = _axes(unit(self.key))
            place = np.stack([along(points, across), along(points, up)], 1) / self.gobo_size + 0.5
            cell = np.clip((place * self.gobo.shape[::-1]).astype(np.int32), 0, np.array(self.gobo.shape[::-1]) - 1)
            strength = strength * self.gobo[cell[:, 1], cell[:, 0]]
        return strength


@dataclass(frozen=True, eq=False)
class ShadowMap:
    """What one direction sees: the nearest surface along it, orthographically.

    `frame` (3, 3) and `origin` (3,) turn world points into column, row and closeness of the map.
    """

    frame: Floats
    origin: Floats
    nearest: Floats

    def lit(self, points: Floats, jitter: Floats) -> Floats:
        """1 where points (n, 3) see the light, 0 where something is in between; `jitter` (n, 2) softens texels."""
        column, row, closeness = (along(points, self.frame[:, i]) + self.origin[i] for i in range(3))
        column = np.clip(column + jitter[:, 0], 0, MAP_SIZE - 1).astype(np.int32)
        row = np.clip(row + jitter[:, 1], 0, MAP_SIZE - 1).astype(np.int32)
        # The map's border is empty, so whatever lies outside is lit.
        return (self.nearest.ravel()[row * MAP_SIZE + column] <= closeness).astype(np.float32)


def unit(vector: Sequence[float] | Floats) -> Floats:
    """The vector at length one."""
    array = np.array(vector, np.float32)
    return array / np.linalg.norm(array)


def along(vectors: Floats, axis: Floats) -> Floats:
    """Products of (n, 3) vectors with one (3,) vector.

    Written out: a matrix product of this shape spends its time waking up the threads of the linear algebra library.
    """
    return vectors[:, 0] * axis[0] + vectors[:, 1] * axis[1] + vectors[:, 2] * axis[2]


def _axes(direction: Floats) -> tuple[Floats, Floats]:
    across = unit(np.cross(direction, [0, 0, 1] if abs(direction[2]) < 0.95 else [0, 1, 0]))
    return across, np.cross(across, direction).astype(np.float32)


def cone(axis: Floats, degrees: float, count: int) -> Floats:
    """`count` directions spread evenly over the cap of half-angle `degrees` about a unit axis (a sunflower spiral)."""
    step = (np.arange(count) + 0.5) / count
    cosine = 1 - step * (1 - np.cos(np.radians(degrees)))
    sine = np.sqrt(np.maximum(0, 1 - cosine**2))
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    across, up = _axes(axis)
    spread = np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * up
    return (cosine[:, None] * axis + sine[:, None] * spread).astype(np.float32)


def shadow_map(corners: Floats, direction: Floats, centre: Floats, radius: float) -> ShadowMap:
    """The shadow map of triangles (n, 3, 3) for one direction, covering a sphere."""
    scale = MAP_SIZE / (2 * radius)
    across, up = _axes(direction)
    frame = np.stack([across * scale, up * scale, direction], 1).astype(np.float32)
    origin = np.array([MAP_SIZE / 2, MAP_SIZE / 2, RADII_BEHIND * radius], np.float32) - centre @ frame
    placed = corners @ frame + origin
    nearest, _ = rasterise(placed[..., :2], placed[..., 2], (MAP_SIZE, MAP_SIZE))
    nearest[[0, -1]] = nearest[:, [0, -1]] = 0
    # A surface must not shade itself: what blocks has to be nearer by a little more than rounding.
    return ShadowMap(frame, origin, nearest - np.float32(radius * 1e-3))


def bounds(parts: Sequence[Part]) -> tuple[Floats, float]:
    """Centre and radius of a sphere around parts."""
    points = np.concatenate([part.corners.reshape(-1, 3) for part in parts])
    centre = (points.min(0) + points.max(0)) / 2
    return centre, float(np.sqrt(((points - centre) ** 2).sum(1).max())) * 1.02
