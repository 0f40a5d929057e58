"""What DBSCAN finds, at every eps there is.

As eps grows, three things happen and nothing else: a point becomes a core sample (at its core distance), a point that
is none comes within reach of one, and two clusters become one (at an edge of the minimum spanning tree of the mutual
reachability distances; Campello, Moulavi and Sander, 2013). So DBSCAN need not be run to know them all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from shared.model.core_samples import NOISE


class Sweep:
    """DBSCAN's clusters of n points as a function of eps."""

    def __init__(self, distances: csr_array, copies: NDArray[np.integer], min_samples: int) -> None:
        """`distances` between near points, shape (n, n), symmetric; what is not stored is out of reach.

        `copies`: how many pictures each point is, shape (n,).
        """
        self._count = len(copies)
        starts = np.repeat(np.arange(self._count, dtype=np.int32), np.diff(distances.indptr))
        order = np.lexsort((distances.data, starts))
        ends, lengths = distances.indices[order], distances.data[order].astype(np.float64)
        self._core = _core_distances(distances.indptr, ends, lengths, copies, min_samples)
        reach = np.maximum(lengths, np.maximum(self._core[starts], self._core[ends]))
        self._from, self._to, self._length = _spanning_tree(starts, ends, reach, self._count)
        # Nearest first: whom a point that is no core sample itself may belong with.
        self._starts, self._ends, self._adoption = starts, ends, np.maximum(lengths, self._core[ends])

    def events(self) -> NDArray[np.float64]:
        """Every eps at which something changes, ascending. Before the first one there is no cluster."""
        adopted = self._adoption < self._core[self._starts]
        every = np.concatenate([self._core, self._length, self._adoption[adopted]])
        return np.unique(every[np.isfinite(every)])

    def walk(self, most: int) -> Iterator[tuple[float, NDArray[np.int32]]]:
        """Each eps at which something changes, `most` evenly spaced ones where there are more, with labels(eps)."""
        events = self.events()
        picked = np.linspace(0, len(events) - 1, min(len(events), most)).round().astype(np.intp)
        return ((float(eps), self.labels(eps)) for eps in events[picked])

    def labels(self, eps: float) -> NDArray[np.int32]:
        """The cluster of each point at eps, shape (n,), or NOISE; border points go to the nearest core sample.

        Clusters are told apart by their labels; the labels are not consecutive.
        """
        joined = self._length <= eps
        edges = coo_array((joined[joined], (self._from[joined], self._to[joined])), shape=(self._count, self._count))
        components = connected_components(edges, directed=False)[1]
        core = self._core <= eps
        labels = np.where(core, components, NOISE).astype(np.int32)
        within = np.flatnonzero((self._adoption <= eps) & ~core[self._starts])
        first = within[np.diff(self._starts[within], prepend=-1) > 0]
        labels[self._starts[first]] = components[self._ends[first]]
        return labels


def _core_distances(
    starts: NDArray[np.integer],
    ends: NDArray[np.integer],
    lengths: NDArray[np.floating],
    copies: NDArray[np.integer],
    min_samples: int,
) -> NDArray[np.float64]:
    """The eps from which on each point has min_samples pictures within it, itself included: shape (n,).

    A row's edges begin at starts[row], the shortest first. Infinite where there are too few.
    """
    core = np.full(len(copies), np.inf)
    core[copies >= min_samples] = 0
    so_far = np.concatenate([[0], np.cumsum(copies[ends])])
    # The first edge of each row with which there are enough.
    wanted = so_far[starts[:-1]] + min_samples - copies
    enough = np.searchsorted(so_far, wanted) - 1
    reached = (copies < min_samples) & (enough < starts[1:])
    core[reached] = lengths[enough[reached]]
    return core


def _spanning_tree(
    starts: NDArray[np.integer], ends: NDArray[np.integer], reach: NDArray[np.float64], total: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Edges (from, to, length) of the tree over mutual reachability distances: each the eps that joins its ends."""
    once = (starts < ends) & np.isfinite(reach)
    # SciPy takes a zero for the absence of an edge: it gets ranks from 1 instead.
    lengths, ranks = np.unique(reach[once], return_inverse=True)
    graph = coo_array((ranks + 1.0, (starts[once], ends[once])), shape=(total, total)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    return tree.row, tree.col, lengths[tree.data.astype(np.intp) - 1]
