"""Where the picture is taken from: a pinhole camera and the way from the scene to the screen and back."""

from dataclasses import dataclass

import numpy as np

from .geometry import Vector
from .noise import Floats, Shape

# Triangles that come closer than this to the camera's plane are dropped: nothing in a scene is that near.
NEAR = 1.0


@dataclass(frozen=True)
class Camera:
    """A pinhole at `position` looking at `target`; `angle` is the field of view across the longer side, in degrees.

    `size` is (width, height) of the finished picture in pixels; `roll` tilts the horizon, in degrees.
    """

    position: Vector
    target: Vector
    angle: float
    size: tuple[int, int]
    roll: float = 0.0

    @property
    def basis(self) -> Floats:
        """Rows: right, down and forward, as unit vectors of the world."""
        forward = np.array(self.target, np.float64) - np.array(self.position)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 0, 1] if abs(forward[2]) < 0.999 else [0, 1, 0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        c, s = np.cos(np.radians(self.roll)), np.sin(np.radians(self.roll))
        return np.stack([c * right + s * down, c * down - s * right, forward])

    def project(self, points: Floats, scale: int) -> tuple[Floats, Floats]:
        """Pixels (…, 2) and 1/z (…), 0 behind, of world points on a screen `scale` times the picture's size."""
        seen = (points - np.array(self.position)) @ self.basis.T
        z = seen[..., 2]
        inverse = np.where(z > NEAR, 1 / np.maximum(z, NEAR), 0)
        centre = np.array(self.size) * scale / 2
        return centre + seen[..., :2] * (self.focal * scale * inverse)[..., None], inverse

    @property
    def focal(self) -> float:
        """Focal length in pixels of the finished picture."""
        return max(self.size) / 2 / float(np.tan(np.radians(self.angle / 2)))

    def shape(self, scale: int) -> Shape:
        """(height, width) of a screen `scale` times the picture's size."""
        return self.size[1] * scale, self.size[0] * scale


def orbit(target: Vector, distance: float, elevation: float, azimuth: float) -> Vector:
    """A camera position around a target: `elevation` above the table, `azimuth` from the front (-y), in degrees."""
    up, around = np.radians(elevation), np.radians(azimuth)
    flat = distance * np.cos(up)
    offset = (flat * np.sin(around), -flat * np.cos(around), distance * np.sin(up))
    return target[0] + float(offset[0]), target[1] + float(offset[1]), target[2] + float(offset[2])
