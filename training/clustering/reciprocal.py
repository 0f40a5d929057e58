"""k-reciprocal Jaccard distances: how little the neighbourhoods of two pictures have in common.

Two pictures belong together not when they are near, but when they are among each other's neighbours: that suits dense
kinds and sparse ones alike, where no one distance does (Zhong, Zheng, Cao, Li: "Re-ranking Person Re-identification
with k-reciprocal Encoding", CVPR 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, triu, vstack

from shared.model.core_samples import Metric
from training.clustering.neighbours import Neighbours
from training.clustering.pairs import Ends, Pairs, by_pair, pair_distances

# A neighbour brings in its own closest neighbours where more than so much of them are shared already; as in the paper.
_SHARED = 2 / 3
# Points whose neighbourhoods are averaged, as a share of k: the paper's 6 of 20.
_AVERAGED = 0.3
# Points whose neighbourhoods are made at a time: some 100 MB.
_ROWS = 65_536
# Stands for 0 where SciPy would take it for nothing: less than any other distance.
STORED_ZERO = np.finfo(np.float64).tiny


def jaccard_distances(points: NDArray[np.float32], neighbours: Neighbours, k: int, metric: Metric) -> csr_array:
    """How far apart points of shape (n, dimensions) are by their `k` nearest others: shape (n, n), in [0, 1).

    Symmetric, without the diagonal, between points of which one is listed among the other's neighbours. Zeros are
    stored, and mean that two share everything; points that share nothing are at 1, and are not stored.
    """
    pairs = _listed_pairs(neighbours)
    common = _common(_averaged(points, neighbours, k, metric), pairs)
    pairs, common = pairs[:, common > 0], common[common > 0]
    # Rows sum to 1, so what the greater ones sum to is what the smaller ones leave of 2.
    distances = np.maximum(0, 1 - common / (2 - common))
    return _symmetric(pairs, distances, len(points))


def _common(members: csr_array, pairs: Pairs) -> NDArray[np.float64]:
    """What the neighbourhoods of each pair share, shape (pairs,)."""

    def shared(one: Ends, other: Ends) -> NDArray[np.float64]:
        return members[one].minimum(members[other]).sum(axis=1)

    return by_pair(pairs, shared)


def listed_distances(points: NDArray[np.float32], neighbours: Neighbours, metric: Metric) -> csr_array:
    """The metric's own distances, of the same pairs and in the same form: for plain DBSCAN."""
    pairs = _listed_pairs(neighbours)
    return _symmetric(pairs, pair_distances(points, pairs, metric), len(points))


def _listed_pairs(neighbours: Neighbours) -> Pairs:
    listed = _listed(neighbours, neighbours.indices.shape[1], itself=False)
    return np.stack(triu(listed + listed.T).nonzero())


def _symmetric(pairs: Pairs, distances: NDArray[np.float64], total: int) -> csr_array:
    # SciPy drops zeros from a sum.
    upper = csr_array((np.maximum(distances, STORED_ZERO), tuple(pairs)), shape=(total, total))
    both = csr_array(upper + upper.T.tocsr())
    both.data[both.data == STORED_ZERO] = 0
    return both


def _averaged(points: NDArray[np.float32], neighbours: Neighbours, k: int, metric: Metric) -> csr_array:
    """The mean neighbourhood of each point and its nearest, shape (n, n); rows sum to 1."""
    around = _listed(neighbours, max(2, round(_AVERAGED * k)) - 1, itself=True)
    members = diags_array(1 / np.diff(around.indptr)) @ around @ _neighbourhoods(points, neighbours, k, metric)
    members.sort_indices()
    return members


def _neighbourhoods(points: NDArray[np.float32], neighbours: Neighbours, k: int, metric: Metric) -> csr_array:
    """How much each point (the columns) is of each one's neighbourhood (the rows), shape (n, n); rows sum to 1."""
    mutual, closest = (_mutual(_listed(neighbours, count, itself=True)) for count in (k, (k + 1) // 2))
    invited_by = closest.T.tocsr()
    invites = _SHARED * np.diff(closest.indptr)
    # Euclidean distances have no scale of their own.
    scale = 1 if metric == "cosine" else max(float(neighbours.distances.mean(dtype=np.float64)), np.finfo(float).tiny)

    def of(start: int) -> csr_array:
        own = mutual[start : start + _ROWS]
        shared = (own @ invited_by).multiply(own).tocoo()
        inviting = shared.data > invites[shared.col]
        hosts = _indicator(shared.row[inviting], shared.col[inviting], own.shape)
        starts, ends = (own + hosts @ closest).nonzero()
        weights = np.exp(-pair_distances(points, np.stack((starts + start, ends)), metric) / scale)
        weighted = csr_array((weights, (starts, ends)), shape=own.shape)
        return diags_array(1 / weighted.sum(axis=1)) @ weighted

    return csr_array(vstack([of(start) for start in range(0, len(points), _ROWS)], format="csr"))


def _listed(neighbours: Neighbours, count: int, *, itself: bool) -> csr_array:
    """Whether a column is among the `count` nearest of a row: ones, shape (n, n)."""
    nearest = neighbours.indices[:, :count]
    total, count = nearest.shape
    every = np.arange(total, dtype=np.int32)
    own = every if itself else every[:0]
    rows, columns = np.concatenate([np.repeat(every, count), own]), np.concatenate([nearest.ravel(), own])
    return _indicator(rows, columns, (total, total))


def _mutual(listed: csr_array) -> csr_array:
    return listed.multiply(listed.T).tocsr()


def _indicator(rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
