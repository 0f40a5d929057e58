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
from training.clustering.cells import divide
from training.engine import LOCAL, Call, Engine

# Points up to which each is compared with all others; beyond, with those of the cells around it.
EXACT = 100_000
# Points asked for at a time, whatever the engine: how a product is cut up decides its last digits.
_TASK = 1024
# Points converted at a time, so that a million take no second copy in float64.
_CONVERTED = 65_536
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
    spread: NDArray[np.float32]
    """Shape (points,): how far the farthest of a point's copies is from it."""

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n points its k nearest others, nearest first."""

    indices: NDArray[np.int32]
    """Shape (n, k)."""
    distances: NDArray[np.float32]
    """Shape (n, k), in the metric's units."""


def distinct(vectors: NDArray[np.float32], metric: Metric) -> Points:
    """The points among embeddings of shape (n, dimensions)."""
    points = comparable(vectors + np.float32(0), metric)  # -0 is 0
    content = points.view(np.dtype((np.void, points.dtype.itemsize * points.shape[1]))).ravel()
    order = content.argsort(kind="stable")
    # By parts: np.unique would copy all of them twice.
    parts = np.array_split(np.arange(1, len(order)), max(1, -(-len(order) // _CONVERTED)))
    differs = np.concatenate([[True], *(content[order[part]] != content[order[part - 1]] for part in parts)])
    starts = np.flatnonzero(differs)
    which = np.empty(len(order), dtype=np.intp)
    which[order] = differs.cumsum() - 1
    rows = order[starts]
    return Points(points[rows], rows, np.diff(starts, append=len(order)), which, np.zeros(len(rows), dtype=np.float32))


def centred(points: Points) -> NDArray[np.float32]:
    """Unit vectors seen from their mean: what all pictures have in common says nothing about who belongs together.

    Over eight labelled sets the index is 0.559 with it and 0.544 without (`python -m benchmarks.groups`).
    """
    total = np.zeros(points.vectors.shape[1])
    for some in _parts(len(points), _CONVERTED):
        total += np.multiply(points.vectors[some], points.copies[some, None], dtype=np.float64).sum(axis=0)
    seen = np.empty_like(points.vectors)
    for some in _parts(len(points), _CONVERTED):
        seen[some] = comparable((points.vectors[some] - total / points.copies.sum()).astype(np.float32), "cosine")
    return seen


def nearest_neighbours(
    points: NDArray[np.float32], metric: Metric, count: int, engine: Engine = LOCAL, exact: int = EXACT
) -> Neighbours:
    """The `count` nearest others of each of n points, or all others if there are fewer. Ties go to the first.

    points: shape (n, dimensions), comparable. Of more than `exact` points they are nearly the nearest: see cells.py.
    """
    total = len(points)
    count = min(count, total - 1)
    indices = np.empty((total, count), dtype=np.int32)
    distances = np.empty((total, count), dtype=np.float32)
    tasks = _among_all(points, metric, count) if total <= exact else _among_cells(points, metric, count, engine)
    for rows, found in engine.run(tasks, tuple[NDArray[np.int32], Neighbours], shared=[points], ordered=False):
        indices[rows], distances[rows] = found.indices, found.distances
    return Neighbours(indices, distances)


def _among_all(points: NDArray[np.float32], metric: Metric, count: int) -> Iterator[Call]:
    for some in _parts(len(points), _TASK):
        yield delayed(_search)(points, np.arange(len(points), dtype=np.int32)[some], None, metric, count)


def _among_cells(points: NDArray[np.float32], metric: Metric, count: int, engine: Engine) -> Iterator[Call]:
    cells = divide(points, engine)
    for cell, members in enumerate(cells.members):
        yield delayed(_search)(points, members, cells.around(cell), metric, count)


def _search(
    points: NDArray[np.float32], own: NDArray[np.int32], among: NDArray[np.int32] | None, metric: Metric, count: int
) -> tuple[NDArray[np.int32], Neighbours]:
    """The neighbours of some points, given by their rows, among others, or all."""
    faiss.omp_set_num_threads(1)  # of this thread: there are as many tasks at a time as processors
    compared = points if among is None else points[among]
    _, found = faiss.knn(points[own], compared, min(len(compared), count + 1 + _SPARE))
    found = found.astype(np.int32) if among is None else among[found]
    distances = np.stack([distance(points[[row]], points[near], metric) for row, near in zip(own, found, strict=True)])
    distances[found == own[:, None]] = np.inf
    order = np.lexsort((found, distances))[:, :count]
    return own, Neighbours(np.take_along_axis(found, order, 1), np.take_along_axis(distances, order, 1))


def _parts(total: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, total, size))
