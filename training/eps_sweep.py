"""What DBSCAN finds, at every eps there is.

As eps grows, three things happen and nothing else: a picture becomes a core sample (at its core distance), a picture
that is none comes within reach of one, and two clusters become one (at an edge of the minimum spanning tree of the
mutual reachability distances; Campello, Moulavi and Sander, 2013). So DBSCAN need not be run to know them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from shared.clusters import NOISE, Metric, comparable

# Neighbour lists are complete up to 2,000 pictures and grow shorter beyond, to 200 for each of 20,000: the lists take
# 48 MB however many pictures there are. What is missing are edges inside dense regions, where shorter ones do as well.
_LISTED = 4_000_000
# Distances in memory at a time: 32 MB with the indices that sort them.
_BLOCK = 2_000_000
# Squared distances come from an expansion that cancels: what is less than this share of the squared lengths is
# float32's rounding, and the pictures are the same.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n pictures, its k nearest others, nearest first."""

    indices: NDArray[np.intp]
    """Shape (n, k)."""
    distances: NDArray[np.float32]
    """Shape (n, k), in the metric's units."""


def nearest_neighbours(vectors: NDArray[np.float32], metric: Metric, at_least: int) -> Neighbours:
    """The nearest others of each of n vectors, shape (n, dimensions): `at_least` so many, or all n - 1 if fewer."""
    points = comparable(vectors, metric)
    total = len(points)
    count = min(total - 1, max(at_least, _LISTED // total))
    squares = np.einsum("ij,ij->i", points, points)
    indices = np.empty((total, count), dtype=np.intp)
    distances = np.empty((total, count), dtype=np.float32)
    for start in range(0, total, rows := max(1, _BLOCK // total)):
        block = slice(start, start + rows)
        lengths = squares[block, None] + squares
        squared = lengths - 2 * (points[block] @ points.T)
        squared[squared < _ROUNDING * lengths] = 0
        own = np.arange(len(squared))
        squared[own, own + start] = np.inf
        nearest = np.argpartition(squared, count - 1, axis=1)[:, :count]
        squared = np.take_along_axis(squared, nearest, axis=1)
        order = np.argsort(squared, axis=1, kind="stable")
        indices[block] = np.take_along_axis(nearest, order, axis=1)
        squared = np.take_along_axis(squared, order, axis=1)
        distances[block] = squared / 2 if metric == "cosine" else np.sqrt(squared)
    return Neighbours(indices, distances)


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
    ends = neighbours.indices.ravel()
    reach = np.maximum(np.maximum(neighbours.distances, core[:, None]).ravel(), core[ends])
    # SciPy takes a zero for the absence of an edge, and duplicates are at distance zero: it gets ranks from 1 instead.
    lengths, ranks = np.unique(reach, return_inverse=True)
    starts = np.repeat(np.arange(total), count)
    tree = minimum_spanning_tree(coo_array((ranks + 1.0, (starts, ends)), shape=(total, total)).tocsr()).tocoo()
    return tree.row, tree.col, lengths[tree.data.astype(np.intp) - 1]
