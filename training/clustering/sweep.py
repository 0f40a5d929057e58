"""What DBSCAN finds, at every eps there is.

As eps grows, three things happen and nothing else: a point becomes a core sample (at its core distance), a point that
is none comes within reach of one, and two clusters become one (at an edge of the minimum spanning tree of the mutual
reachability distances; Campello, Moulavi and Sander, 2013). So DBSCAN need not be run to know them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from shared.model.core_samples import NOISE
from training.clustering.reciprocal import STORED_ZERO

# Points whose edges are looked at at a time: some 200 MB.
_ROWS = 65_536


class Sweep:
    """DBSCAN's clusters of n points as a function of eps."""

    def __init__(self, distances: csr_array, copies: NDArray[np.integer], min_samples: int) -> None:
        """`distances` between near points, shape (n, n), symmetric; what is not stored is out of reach.

        `copies`: how many pictures each point is, shape (n,).
        """
        self._count = len(copies)
        blocks = [slice(start, start + _ROWS) for start in range(0, self._count, _ROWS)]
        cores = [_core_distances(distances, copies, min_samples, rows) for rows in blocks]
        self.core = np.concatenate(cores)
        """The eps from which on each point is a core sample, shape (n,); infinite where there is none."""
        self._from, self._to, self._length = _spanning_tree(distances, self.core, blocks)
        # Nearest first: whom a point may belong with while it is no core sample itself.
        adopting = [_adoptions(distances, self.core, rows) for rows in blocks]
        self._starts, self._ends, self._adoption = map(np.concatenate, zip(*adopting, strict=True))

    def events(self) -> NDArray[np.float64]:
        """Every eps at which something changes, ascending. Before the first one there is no cluster."""
        every = np.concatenate([self.core, self._length, self._adoption])
        return np.unique(every[np.isfinite(every)])

    def walk(self, most: int, widest: float = np.inf) -> Iterator[tuple[float, NDArray[np.int32]]]:
        """Each eps up to `widest` at which something changes, `most` evenly spaced ones of more, with labels(eps)."""
        events = self.events()
        events = events[events <= widest]
        picked = np.linspace(0, len(events) - 1, min(len(events), most)).round().astype(np.intp)
        return ((float(eps), self.labels(eps)) for eps in events[picked])

    def labels(self, eps: float) -> NDArray[np.int32]:
        """The cluster of each point at eps, shape (n,), or NOISE; border points go to the nearest core sample.

        Clusters are told apart by their labels; the labels are not consecutive.
        """
        joined = self._length <= eps
        edges = coo_array((joined[joined], (self._from[joined], self._to[joined])), shape=(self._count, self._count))
        components = connected_components(edges, directed=False)[1]
        core = self.core <= eps
        labels = np.where(core, components, NOISE).astype(np.int32)
        within = np.flatnonzero((self._adoption <= eps) & ~core[self._starts])
        first = within[np.diff(self._starts[within], prepend=-1) > 0]
        labels[self._starts[first]] = components[self._ends[first]]
        return labels


def _edges(distances: csr_array, rows: slice) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """(from, to, length) of what is stored in these rows, in its order."""
    begin = distances.indptr[rows.start : rows.stop + 1]
    every = np.arange(rows.start, rows.start + len(begin) - 1, dtype=np.int32)
    ends, lengths = distances.indices[begin[0] : begin[-1]], distances.data[begin[0] : begin[-1]]
    return np.repeat(every, np.diff(begin)), ends.astype(np.int32, copy=False), lengths.astype(np.float64, copy=False)


def _core_distances(
    distances: csr_array, copies: NDArray[np.integer], min_samples: int, rows: slice
) -> NDArray[np.float64]:
    """The eps from which on each of these points has min_samples pictures within it, itself included: shape (rows,).

    Infinite where there are too few.
    """
    own = copies[rows]
    begin = distances.indptr[rows.start : rows.stop + 1] - distances.indptr[rows.start]
    starts, ends, lengths = _edges(distances, rows)
    nearest_first = np.lexsort((lengths, starts))
    lengths = lengths[nearest_first]
    core = np.full(len(own), np.inf)
    core[own >= min_samples] = 0
    so_far = np.concatenate([[0], np.cumsum(copies[ends[nearest_first]])])
    # The first edge of each row with which there are enough.
    wanted = so_far[begin[:-1]] + min_samples - own
    enough = np.searchsorted(so_far, wanted) - 1
    reached = (own < min_samples) & (enough < begin[1:])
    core[reached] = lengths[enough[reached]]
    return core


def _adoptions(
    distances: csr_array, core: NDArray[np.float64], rows: slice
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """(point, core sample, eps): from which eps on a core sample may adopt a point that is none yet; nearest first."""
    starts, ends, lengths = _edges(distances, rows)
    eps = np.maximum(lengths, core[ends])
    early = np.flatnonzero(eps < core[starts])
    early = early[np.lexsort((lengths[early], starts[early]))]
    return starts[early], ends[early], eps[early]


def _spanning_tree(
    distances: csr_array, core: NDArray[np.float64], blocks: Sequence[slice]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Edges (from, to, length) of the tree over mutual reachability distances: each the eps that joins its ends."""

    def once(rows: slice) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        starts, ends, lengths = _edges(distances, rows)
        reach = np.maximum(lengths, np.maximum(core[starts], core[ends]))
        kept = (starts < ends) & np.isfinite(reach)
        return starts[kept], ends[kept], reach[kept]

    starts, ends, reach = map(np.concatenate, zip(*map(once, blocks), strict=True))
    # SciPy takes a zero for the absence of an edge.
    graph = coo_array((np.maximum(reach, STORED_ZERO), (starts, ends)), shape=distances.shape).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    return tree.row, tree.col, np.where(tree.data == STORED_ZERO, 0, tree.data)
