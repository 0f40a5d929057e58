"""Where to look for a picture's neighbours when there are too many to compare all with all: an inverted file.

faiss's k-means divides the points into cells. Those of a cell are compared with the points of the cells nearest to it,
by products of matrices: time grows with n to the power of 1.5, and some neighbours are missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from training.engine import Call, Engine

# So many times the square root of n are the points that each cell is compared with: 10,000 of 100,000, 32,000 of a
# million.
_COMPARED = 32
# Points that k-means learns each cell from, its rounds, and the seed it draws them by.
_LEARNED = 64
_ROUNDS = 8
_SEED = 1
# Points put into cells at a time.
_TASK = 8192


@dataclass(frozen=True, slots=True)
class Cells:
    """n points, divided."""

    members: tuple[NDArray[np.int32], ...]
    """By cell, the rows of its points, ascending; no cell is empty."""
    nearest: NDArray[np.int32]
    """Shape (cells, cells): all of them by their distance from each one, itself first."""

    def around(self, cell: int) -> NDArray[np.int32]:
        """The rows to be compared with a cell's points, its own among them, ascending."""
        total = sum(map(len, self.members))
        sizes = np.array([len(self.members[other]) for other in self.nearest[cell]])
        enough = int(np.searchsorted(sizes.cumsum(), _COMPARED * total**0.5)) + 1
        return np.sort(np.concatenate([self.members[other] for other in self.nearest[cell][:enough]]))


def divide(points: NDArray[np.float32], engine: Engine) -> Cells:
    """Divide points of shape (n, dimensions) into about as many cells as the square root of n.

    The same points in the same order give the same cells, whatever the engine.
    """
    faiss.omp_set_num_threads(1)  # how products are divided among threads decides their last digits
    count = round(len(points) ** 0.5)
    means = faiss.Kmeans(
        points.shape[1], count, niter=_ROUNDS, seed=_SEED, max_points_per_centroid=_LEARNED, min_points_per_centroid=1
    )
    means.train(points)
    centres = np.asarray(means.centroids, dtype=np.float32)
    found = engine.run(_tasks(points, centres), np.ndarray, shared=[points], ordered=True)
    cell = np.concatenate([*found])
    _, sizes = np.unique(cell, return_counts=True)
    members = np.split(np.argsort(cell, kind="stable").astype(np.int32), sizes.cumsum()[:-1])
    centres = centres[np.unique(cell)]
    _, nearest = faiss.knn(centres, centres, len(centres))
    return Cells(tuple(members), nearest.astype(np.int32))


def _tasks(points: NDArray[np.float32], centres: NDArray[np.float32]) -> Iterator[Call]:
    for start in range(0, len(points), _TASK):
        yield delayed(_place)(points, start, centres)


def _place(points: NDArray[np.float32], start: int, centres: NDArray[np.float32]) -> NDArray[np.int32]:
    faiss.omp_set_num_threads(1)
    return faiss.knn(points[start : start + _TASK], centres, 1)[1].ravel().astype(np.int32)
