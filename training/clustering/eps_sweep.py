"""What DBSCAN finds, at every eps there is.

As eps grows, three things happen and nothing else: a picture becomes a core sample (at its core distance), a picture
that is none comes within reach of one, and two clusters become one (at an edge of the minimum spanning tree of the
mutual reachability distances; Campello, Moulavi and Sander, 2013). So DBSCAN need not be run to know them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from shared.model.core_samples import NOISE, Metric, comparable

# Nearest others kept of each picture. With 44 of each, DBSCAN's groups of 4,500 pictures were the same at every eps
# tried as with all 4,538: what is missing are long edges inside dense regions, where short ones lead around.
_LISTED = 100
# Squared distances in memory at a time: 16 MB, and 32 MB for sorting them.
_BLOCK = 4_000_000
# Squared distances come from an expansion that cancels: what is less than this share of the squared lengths is
# float32's rounding, and the pictures are the same.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n pictures, its k nearest others, nearest first; and more edges, so that all hang together."""

    indices: NDArray[np.intp]
    """Shape (n, k)."""
    distances: NDArray[np.float32]
    """Shape (n, k), in the metric's units."""
    bridges: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]
    """From, to and distance of edges between parts that the lists leave unconnected."""


def nearest_neighbours(vectors: NDArray[np.float32], metric: Metric, at_least: int) -> Neighbours:
    """The nearest others of each of n vectors, shape (n, dimensions): `at_least` so many, or all n - 1 if fewer."""
    points = comparable(vectors, metric)
    total = len(points)
    count = min(total - 1, max(at_least, _LISTED))
    indices = np.empty((total, count), dtype=np.intp)
    squares = np.empty((total, count), dtype=np.float32)
    for rows, squared in _squared_distances(points):
        nearest = np.argpartition(squared, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(squared, nearest, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        indices[rows] = np.take_along_axis(nearest, order, axis=1)
        squares[rows] = np.take_along_axis(found, order, axis=1)
    starts, ends, lengths = _bridges(points, indices)
    return Neighbours(indices, _unsquared(squares, metric), (starts, ends, _unsquared(lengths, metric)))


def _bridges(
    points: NDArray[np.float32], indices: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Each picture's nearest one of another part, until there is one part (Borůvka's way to a spanning tree)."""
    total, count = indices.shape
    every = np.arange(total)
    starts, ends, lengths = np.repeat(every, count), indices.ravel(), np.empty(0, dtype=np.float32)
    while True:
        edges = coo_array((np.ones(len(starts), dtype=np.bool_), (starts, ends)), shape=(total, total))
        parts, part = connected_components(edges, directed=False)
        if parts == 1:
            return starts[total * count :], ends[total * count :], lengths
        nearest = np.empty(total, dtype=np.intp)
        length = np.empty(total, dtype=np.float32)
        for rows, squared in _squared_distances(points):
            squared[part[rows, None] == part] = np.inf
            nearest[rows] = squared.argmin(axis=1)
            length[rows] = squared.min(axis=1)
        starts, ends = np.concatenate([starts, every]), np.concatenate([ends, nearest])
        lengths = np.concatenate([lengths, length])


def _squared_distances(points: NDArray[np.float32]) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Some rows at a time, with the squared distances from them to all; from a picture to itself it is infinite."""
    total = len(points)
    squares = np.einsum("ij,ij->i", points, points)
    for start in range(0, total, count := max(1, _BLOCK // total)):
        rows = slice(start, start + count)
        lengths = squares[rows, None] + squares
        squared = lengths - 2 * (points[rows] @ points.T)
        squared[squared < _ROUNDING * lengths] = 0
        own = np.arange(len(squared))
        squared[own, own + start] = np.inf
        yield rows, squared


def _unsquared(squared: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Of unit vectors, half the squared distance is the cosine distance."""
    return np.float32(0.5) * squared if metric == "cosine" else np.sqrt(squared)


class Sweep:
    """DBSCAN's clusters of n pictures as a function of eps."""

    def __init__(self, neighbours: Neighbours, min_samples: int) -> None:
        """neighbours: of n >= min_samples pictures, min_samples - 1 of each at the least."""
        self._count = len(neighbours.indices)
        self._core = _core_distances(neighbours, min_samples)
        self._from, self._to, self._length = _spanning_tree(neighbours, self._core)
        # A picture that is no core sample has fewer than min_samples - 1 others within eps: only these can adopt it.
        adopting = slice(0, max(0, min_samples - 2))
        self._adopters = neighbours.indices[:, adopting]
        self._adoption = np.maximum(neighbours.distances[:, adopting], self._core[self._adopters])

    def events(self) -> NDArray[np.float32]:
        """Every eps at which something changes, ascending. Before the first one there is no cluster."""
        return np.unique(np.concatenate([self._core, self._length, *self._adoption.T]))

    def labels(self, eps: float) -> NDArray[np.int32]:
        """The cluster of each picture at eps, shape (n,), or NOISE; border points go to the nearest core sample.

        Clusters are told apart by their labels; the labels are not consecutive.
        """
        joined = self._length <= eps
        edges = coo_array((joined[joined], (self._from[joined], self._to[joined])), shape=(self._count, self._count))
        components = connected_components(edges, directed=False)[1]
        labels = np.where(self._core <= eps, components, NOISE).astype(np.int32)
        adopted = labels.copy()
        for column in reversed(range(self._adopters.shape[1])):
            within = (labels == NOISE) & (self._adoption[:, column] <= eps)
            adopted[within] = labels[self._adopters[within, column]]
        return adopted


def _core_distances(neighbours: Neighbours, min_samples: int) -> NDArray[np.float32]:
    """The eps from which on each picture has min_samples within it, itself included: shape (n,)."""
    if min_samples == 1:
        return np.zeros(len(neighbours.distances), dtype=np.float32)
    return neighbours.distances[:, min_samples - 2]


def _spanning_tree(
    neighbours: Neighbours, core: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Edges (from, to, length) of the tree over mutual reachability distances: each the eps that joins its ends."""
    total, count = neighbours.indices.shape
    far_starts, far_ends, far = neighbours.bridges
    starts = np.concatenate([np.repeat(np.arange(total), count), far_starts])
    ends = np.concatenate([neighbours.indices.ravel(), far_ends])
    reach = np.maximum(np.concatenate([neighbours.distances.ravel(), far]), np.maximum(core[starts], core[ends]))
    # SciPy takes a zero for the absence of an edge, and duplicates are at distance zero: it gets ranks from 1 instead.
    lengths, ranks = np.unique(reach, return_inverse=True)
    tree = minimum_spanning_tree(coo_array((ranks + 1.0, (starts, ends)), shape=(total, total)).tocsr()).tocoo()
    return tree.row, tree.col, lengths[tree.data.astype(np.intp) - 1]
