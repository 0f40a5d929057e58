"""Which core samples can't be the nearest one, by the triangle inequality: what is far from a cluster's centre is far
from all that lie near that centre. A picture that belongs somewhere is compared with a few of a hundred thousand then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Below so many core samples one product with all of them is as fast; so many to a cluster make its centre worth it.
_MANY = 10_000
_EACH = 16
# Of all core samples, those that may be left before one product with all of them is faster.
_FEW = 0.25
# Rounding, as a share of the lengths involved: squares are off by 1e-6 of theirs, so that roots are by 1e-3.
_ROUNDING = 2e-3
# Core samples measured at a time.
_TOGETHER = 4096


class Bounds:
    """Distances of core samples from the centre of their cluster."""

    def __init__(self, vectors: NDArray[np.float32], clusters: NDArray[np.int32]) -> None:
        """vectors: shape (m, dimensions), comparable; clusters: shape (m,), ids."""
        self._vectors = vectors
        ids, self._which = np.unique(clusters, return_inverse=True)
        self._centres = np.stack([vectors[clusters == cluster].mean(axis=0) for cluster in ids])
        self._squares = np.square(self._centres).sum(axis=1)
        self._scale = float(np.sqrt(self._squares.max()))
        self._radii = np.concatenate(
            [
                np.linalg.norm(vectors[some] - self._centres[self._which[some]], axis=1)
                for some in (slice(start, start + _TOGETHER) for start in range(0, len(vectors), _TOGETHER))
            ]
        )

    @staticmethod
    def worthwhile(clusters: NDArray[np.int32]) -> bool:
        """Whether there are so many core samples, and enough in each cluster, that bounds save time."""
        return len(clusters) >= _MANY and len(np.unique(clusters)) * _EACH <= len(clusters)

    def candidates(self, target: NDArray[np.float32]) -> NDArray[np.intp] | None:
        """Rows among which the nearest core sample of a target (dimensions,) is, ascending; None for nearly all."""
        length = float(target @ target)
        from_centres = np.sqrt(np.maximum(0, length + self._squares - 2 * (self._centres @ target)))
        closest = np.flatnonzero(self._which == from_centres.argmin())
        if len(closest) > _FEW * len(self._vectors):
            return None
        found = float(np.linalg.norm(self._vectors[closest] - target, axis=1).min())
        limit = found + _ROUNDING * (length**0.5 + self._scale)
        left = np.flatnonzero(from_centres[self._which] - self._radii <= limit)
        return left if len(left) <= _FEW * len(self._vectors) else None
