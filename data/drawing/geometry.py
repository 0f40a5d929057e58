"""Shapes: everything is a grid of points bent into place, then cut into triangles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .material import Material
from .noise import Floats

type Vector = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Part:
    """Triangles of one material: corner points and normals (n, 3, 3), texture coordinates (n, 3, 2)."""

    corners: Floats
    normals: Floats
    uv: Floats
    material: Material

    def turned(self, matrix: Floats, about: Vector = (0, 0, 0)) -> "Part":
        """Rotated by a (3, 3) matrix about a point."""
        centre = np.array(about, np.float32)
        corners = (self.corners - centre) @ matrix.T + centre
        return replace(self, corners=corners.astype(np.float32), normals=(self.normals @ matrix.T).astype(np.float32))

    def moved(self, offset: Vector) -> "Part":
        """Shifted by a vector."""
        return replace(self, corners=self.corners + np.array(offset, np.float32))


def rotation(axis: str, degrees: float) -> Floats:
    """The (3, 3) matrix of a right-handed turn about the axis named x, y or z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3, dtype=np.float32)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def place(parts: Sequence[Part], offset: Vector = (0, 0, 0), turn: float = 0.0) -> list[Part]:
    """Parts turned by `turn` degrees about the vertical, then moved."""
    return [part.turned(rotation("z", turn)).moved(offset) for part in parts]


def surface(points: Floats, material: Material) -> Part:
    """A smooth sheet through a (rows, columns, 3) grid of points.

    The texture's top row lies along the first row of points.
    """
    grid = np.asarray(points, np.float32)
    rows, columns = grid.shape[:2]
    normals = np.cross(np.gradient(grid, axis=1), np.gradient(grid, axis=0))
    lengths = np.linalg.norm(normals, axis=2, keepdims=True)
    normals = np.where(lengths > 1e-9, normals / np.maximum(lengths, 1e-9), np.array([0, 0, 1]))
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    uv = np.stack([u, v], 2)

    def triangles(values: Floats) -> Floats:
        a, b, c, d = values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]
        pairs = np.stack([np.stack([a, b, c], 2), np.stack([a, c, d], 2)], 2)
        return pairs.reshape(-1, 3, values.shape[2]).astype(np.float32)

    return Part(triangles(grid), triangles(normals), triangles(uv), material)


def quad(corner: Vector, across: Vector, down: Vector, material: Material, pieces: int = 1) -> Part:
    """A flat rectangle from its texture's top-left corner, `across` and `down` its edges."""
    steps = np.linspace(0, 1, pieces + 1)[:, None]
    rows = np.array(corner) + steps * np.array(down)
    return surface(rows[:, None, :] + steps[None, :, :] * np.array(across), material)


def box(size: Vector, material: Material, faces: Mapping[str, Material] | None = None) -> list[Part]:
    """A box standing on z = 0, centred on x = y = 0.

    `faces` gives other materials to "top", "bottom", "front" (-y), "back", "left" (-x) or "right".
    """
    w, d, h = size
    x, y = w / 2, d / 2
    shapes: dict[str, tuple[Vector, Vector, Vector]] = {
        "top": ((-x, y, h), (w, 0, 0), (0, -d, 0)),
        "bottom": ((-x, -y, 0), (w, 0, 0), (0, d, 0)),
        "front": ((-x, -y, h), (w, 0, 0), (0, 0, -h)),
        "back": ((x, y, h), (-w, 0, 0), (0, 0, -h)),
        "left": ((-x, y, h), (0, -d, 0), (0, 0, -h)),
        "right": ((x, -y, h), (0, d, 0), (0, 0, -h)),
    }
    return [quad(*shape, (faces or {}).get(name, material)) for name, shape in shapes.items()]


def lathe(profile: Sequence[tuple[float, float]], material: Material, segments: int = 32) -> Part:
    """A body of revolution about the vertical from (radius, height) points, top first."""
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    radius, height = np.array(profile, np.float32).T
    x, y = radius[:, None] * np.cos(angle), radius[:, None] * np.sin(angle)
    return surface(np.stack([x, y, np.broadcast_to(height[:, None], x.shape)], 2), material)


def ball(radius: float, material: Material, squash: float = 1.0, rings: int = 14) -> Part:
    """A sphere about the origin, its height scaled by `squash`."""
    polar = np.linspace(0, np.pi, rings)
    return lathe([(radius * float(np.sin(t)), radius * squash * float(np.cos(t))) for t in polar], material, 2 * rings)


def disc(radius: float, material: Material, segments: int = 48) -> Part:
    """A flat round plate at z = 0 showing the circle cut out of its texture."""
    part = lathe([(1e-4, 0), (radius, 0)], material, segments)
    uv = part.corners[:, :, :2] * np.array([0.5, -0.5]) / radius + 0.5
    normals = np.broadcast_to(np.array([0, 0, 1], np.float32), part.normals.shape)
    return replace(part, uv=uv.astype(np.float32), normals=normals)


def tube(path: Floats, radius: float | Callable[[float], float], material: Material, segments: int = 10) -> Part:
    """A round pipe along a (n, 3) path; `radius` may depend on how far along (0 to 1) it is."""
    points: Floats = np.asarray(path, np.float64)
    tangents = np.asarray(np.gradient(points, axis=0), np.float64)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-9)
    # A helper axis far from the mean direction keeps the frame from flipping along gently bent paths.
    mean = np.abs(tangents).mean(0)
    helper = np.eye(3)[int(np.argmin(mean))]
    side = np.asarray(np.cross(tangents, helper), np.float64)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    up = np.cross(side, tangents)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    along = np.linspace(0, 1, len(points))
    radii = np.array([radius(float(t)) if callable(radius) else radius for t in along])[:, None, None]
    rings = np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    return surface(points[:, None] + radii * rings, material)
