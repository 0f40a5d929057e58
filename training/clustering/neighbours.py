"""The nearest neighbours of every picture: the one search that everything else about groups is made from.

Equal embeddings count as one point with several copies, and points stand in the order of their bytes. So nothing that
follows depends on the order of the pictures, and two copies of a picture never end in different groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from shared.model.core_samples import Metric, comparable, distance
from training.engine import LOCAL, Call, Engine

# Points asked for at a time, whatever the engine: how a product is cut up decides its last digits.
_TASK = 1024
# Found beyond those wanted: distances are worked out anew, more exactly than the search has them, and put in order.
_SPARE = 8


@dataclass(frozen=True, slots=True)
class Points:
    """The different ones among n embeddings."""

    vectors: NDArray[np.float32]
    """Shape (points, dimensions), as shared.model.core_samples.comparable makes them."""
    rows: NDArray[np.intp]
    """Shape (points,): the first of the n embeddings that each one is."""
    copies: NDArray[np.intp]
    """Shape (points,): how many of the n it is."""
    which: NDArray[np.intp]
    """Shape (n,): the point that each embedding is."""

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n points its k nearest others, nearest first."""

    indices: NDArray[np.intp]
    """Shape (n, k)."""
    distances: NDArray[np.float32]
    """Shape (n, k), in the metric's units."""


def distinct(vectors: NDArray[np.float32], metric: Metric) -> Points:
    """The points among embeddings of shape (n, dimensions)."""
    points = comparable(vectors, metric) + np.float32(0)  # -0 is 0
    content = np.ascontiguousarray(points).view(np.dtype((np.void, points.dtype.itemsize * points.shape[1]))).ravel()
    _, rows, which, copies = np.unique(content, return_index=True, return_inverse=True, return_counts=True)
    return Points(points[rows], rows, copies, which)


def centred(points: Points) -> NDArray[np.float32]:
    """Unit vectors seen from their mean: what all pictures have in common says nothing about who belongs together.

    Over eight labelled sets the index is 0.559 with it and 0.544 without (`python -m benchmarks.groups`).
    """
    mean = np.average(points.vectors, axis=0, weights=points.copies)
    return comparable((points.vectors - mean).astype(np.float32), "cosine")


def nearest_neighbours(points: NDArray[np.float32], metric: Metric, count: int, engine: Engine = LOCAL) -> Neighbours:
    """The `count` nearest others of each of n points, or all others if there are fewer. Ties go to the first.

    points: shape (n, dimensions), comparable.
    """
    total = len(points)
    count = min(count, total - 1)
    indices = np.empty((total, count), dtype=np.intp)
    distances = np.empty((total, count), dtype=np.float32)
    for start, found in engine.run(
        _tasks(points, metric, count), tuple[int, Neighbours], shared=[points], ordered=False
    ):
        rows = slice(start, start + len(found.indices))
        indices[rows], distances[rows] = found.indices, found.distances
    return Neighbours(indices, distances)


def _tasks(points: NDArray[np.float32], metric: Metric, count: int) -> Iterator[Call]:
    for start in range(0, len(points), _TASK):
        yield delayed(_search)(points, start, metric, count)


def _search(points: NDArray[np.float32], start: int, metric: Metric, count: int) -> tuple[int, Neighbours]:
    own = np.arange(start, min(start + _TASK, len(points)))
    faiss.omp_set_num_threads(1)  # of this thread: there are as many tasks at a time as processors
    _, found = faiss.knn(points[own], points, min(len(points), count + 1 + _SPARE))
    distances = np.stack([distance(points[[row]], points[near], metric) for row, near in zip(own, found, strict=True)])
    distances[found == own[:, None]] = np.inf
    order = np.lexsort((found, distances))[:, :count]
    return start, Neighbours(np.take_along_axis(found, order, 1), np.take_along_axis(distances, order, 1))
