"""Which triangle is seen through each pixel: a z-buffer, filled row by row for all triangles at once."""

import numpy as np
from numpy.typing import NDArray

from .noise import Floats, Shape

NOTHING = -1
# Pixels whose centre lies this far outside an edge still count, so that neighbours leave no cracks.
EDGE_TOLERANCE = 1e-4
FLAT = 1e-9


def plane_coefficients(screen: Floats) -> Floats:
    """Barycentric weights as functions of the pixel: (n, 3 corners, 3) with weight = a x + b y + c.

    Degenerate triangles get weights that are never inside.
    """
    x, y = screen[..., 0].astype(np.float64), screen[..., 1].astype(np.float64)
    nx, ny = np.roll(x, -1, 1), np.roll(y, -1, 1)
    px, py = np.roll(x, -2, 1), np.roll(y, -2, 1)
    area = (nx[:, :1] - x[:, :1]) * (py[:, :1] - y[:, :1]) - (px[:, :1] - x[:, :1]) * (ny[:, :1] - y[:, :1])
    flat = np.abs(area) < 1e-9
    area = np.where(flat, 1, area)
    coefficients = np.stack([(ny - py) / area, (px - nx) / area, (nx * py - px * ny) / area], 2)
    return np.where(flat[..., None], np.array([0, 0, -1.0]), coefficients)


def _spans(
    weights: Floats, low: NDArray[np.int64], high: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], ...]:
    """The runs of pixels inside triangles, one a triangle and row: triangle, row, first column, number of columns.

    `low` and `high` (n,) are the first row and the one after the last; `weights` are `plane_coefficients`.
    """
    triangle = np.repeat(np.arange(len(low)), high - low)
    row = np.arange(len(triangle)) - np.repeat(np.cumsum(high - low) - high, high - low)
    left, right = np.full(len(triangle), -EDGE_TOLERANCE), np.full(len(triangle), width + EDGE_TOLERANCE)
    for corner in range(3):
        a, b, c = weights[triangle, corner].T
        level = b * (row + 0.5) + c
        # Where the edge crosses the row; an edge along the row shuts it out altogether or not at all.
        crossing = -level / np.where(np.abs(a) < FLAT, FLAT, a)
        left = np.where(a >= FLAT, np.maximum(left, crossing), left)
        right = np.where(a <= -FLAT, np.minimum(right, crossing), right)
        right = np.where((np.abs(a) < FLAT) & (level < 0), -1.0, right)
    first = np.ceil(left - 0.5 - EDGE_TOLERANCE).astype(np.int64)
    count = np.floor(right - 0.5 + EDGE_TOLERANCE).astype(np.int64) + 1 - first
    used = count > 0
    return triangle[used], row[used], first[used], count[used]


def rasterise(screen: Floats, closeness: Floats, shape: Shape) -> tuple[Floats, NDArray[np.int64]]:
    """Closeness and index of the nearest triangle at every pixel centre.

    `screen` (n, 3, 2) are corners in pixels, `closeness` (n, 3) is positive, grows towards the viewer and is linear on
    the screen (1/z in perspective). Triangles with a corner of closeness 0 are left out. Returns two (h, w) arrays; 0
    and `NOTHING` where there is no triangle.
    """
    height, width = shape
    weights = plane_coefficients(screen)
    depth = (weights * closeness[..., None]).sum(1)
    low = np.clip(np.floor(screen[..., 1].min(1)), 0, height).astype(np.int64)
    high = np.clip(np.ceil(screen[..., 1].max(1)), 0, height).astype(np.int64)
    beside = (screen[..., 0].max(1) < 0) | (screen[..., 0].min(1) > width) | (closeness <= 0).any(1)
    triangle, row, first, count = _spans(weights, low, np.where(beside, low, np.maximum(low, high)), width)

    a, b, c = depth[triangle].T
    start = (a * (first + 0.5) + b * (row + 0.5) + c).astype(np.float32)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    near = np.repeat(start, count) + np.repeat(a.astype(np.float32), count) * step.astype(np.float32)
    near = np.maximum(near, np.float32(1e-12))
    where = np.repeat(row * width + first, count) + step
    # Positive floats sort like their bits, so one integer maximum keeps the nearest depth and whose it is.
    keys = (near.view(np.uint32).astype(np.int64) << 32) | np.repeat(triangle, count)
    buffer = np.full(height * width, -1, np.int64)
    np.maximum.at(buffer, where, keys)
    seen = buffer >= 0
    nearest = np.where(seen, (buffer >> 32).astype(np.uint32).view(np.float32), np.float32(0)).reshape(shape)
    return nearest, np.where(seen, buffer & 0xFFFFFFFF, NOTHING).reshape(shape)
