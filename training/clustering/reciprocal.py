"""k-reciprocal Jaccard distances: how little the neighbourhoods of two pictures have in common.

Two pictures belong together not when they are near, but when they are among each other's neighbours: that suits dense
kinds and sparse ones alike, where no one distance does (Zhong, Zheng, Cao, Li: "Re-ranking Person Re-identification
with k-reciprocal Encoding", CVPR 2017).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, triu

from shared.model.core_samples import Metric, distance
from training.clustering.neighbours import Neighbours

# A neighbour brings in its own closest neighbours where more than so much of them are shared already; as in the paper.
_SHARED = 2 / 3
# Points whose neighbourhoods are averaged, as a share of k: the paper's 6 of 20.
_AVERAGED = 0.3
# Pairs of points compared at a time: some 50 MB.
_PAIRS = 20_000

type _Ends = NDArray[np.int32]
type _Pairs = NDArray[np.int32]
"""Starts and ends, shape (2, pairs)."""


def jaccard_distances(points: NDArray[np.float32], neighbours: Neighbours, k: int, metric: Metric) -> csr_array:
    """How far apart points of shape (n, dimensions) are by their `k` nearest others: shape (n, n), in [0, 1).

    Symmetric, without the diagonal, between points of which one is listed among the other's neighbours. Zeros are
    stored, and mean that two share everything; points that share nothing are at 1, and are not stored.
    """
    around = _listed(neighbours, max(2, round(_AVERAGED * k)) - 1, itself=True)
    members = diags_array(1 / np.diff(around.indptr)) @ around @ _neighbourhoods(points, neighbours, k, metric)
    members.sort_indices()
    pairs = _listed_pairs(neighbours)

    def shared(one: _Ends, other: _Ends) -> NDArray[np.float64]:
        return members[one].minimum(members[other]).sum(axis=1)

    common = _by_pair(pairs, shared)
    # Rows sum to 1, so what the greater ones sum to is what the smaller ones leave of 2.
    distances = np.maximum(0, 1 - common / (2 - common))
    return _symmetric(pairs[:, common > 0], distances[common > 0], len(points))


def listed_distances(points: NDArray[np.float32], neighbours: Neighbours, metric: Metric) -> csr_array:
    """The metric's own distances, of the same pairs and in the same form: for plain DBSCAN."""
    pairs = _listed_pairs(neighbours)
    return _symmetric(pairs, _lengths(points, pairs, metric), len(points))


def _listed_pairs(neighbours: Neighbours) -> _Pairs:
    listed = _listed(neighbours, neighbours.indices.shape[1], itself=False)
    return np.stack(triu(listed + listed.T).nonzero())


def _symmetric(pairs: _Pairs, distances: NDArray[np.float64], total: int) -> csr_array:
    both = np.concatenate([pairs, pairs[::-1]], axis=1)
    return csr_array((np.tile(distances, 2), tuple(both)), shape=(total, total))


def _neighbourhoods(points: NDArray[np.float32], neighbours: Neighbours, k: int, metric: Metric) -> csr_array:
    """How much each point (the columns) is of each one's neighbourhood (the rows), shape (n, n); rows sum to 1."""
    mutual, closest = (_mutual(_listed(neighbours, count, itself=True)) for count in (k, (k + 1) // 2))
    shared = (mutual @ closest.T).multiply(mutual).tocoo()
    inviting = shared.data > _SHARED * np.diff(closest.indptr)[shared.col]
    hosts = _indicator(shared.row[inviting], shared.col[inviting], len(points))
    pairs = np.stack((mutual + hosts @ closest).nonzero())
    # Euclidean distances have no scale of their own.
    scale = 1 if metric == "cosine" else max(float(neighbours.distances.mean(dtype=np.float64)), np.finfo(float).tiny)
    weights = np.exp(-_lengths(points, pairs, metric) / scale)
    weighted = csr_array((weights, tuple(pairs)), shape=mutual.shape)
    return diags_array(1 / weighted.sum(axis=1)) @ weighted


def _listed(neighbours: Neighbours, count: int, *, itself: bool) -> csr_array:
    """Whether a column is among the `count` nearest of a row: ones, shape (n, n)."""
    nearest = neighbours.indices[:, :count]
    total, count = nearest.shape
    every = np.arange(total)
    own = every if itself else every[:0]
    return _indicator(np.concatenate([np.repeat(every, count), own]), np.concatenate([nearest.ravel(), own]), total)


def _mutual(listed: csr_array) -> csr_array:
    return listed.multiply(listed.T).tocsr()


def _indicator(rows: NDArray[np.integer], columns: NDArray[np.integer], total: int) -> csr_array:
    return csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(total, total))


def _lengths(points: NDArray[np.float32], pairs: _Pairs, metric: Metric) -> NDArray[np.float64]:
    def lengths(one: _Ends, other: _Ends) -> NDArray[np.float64]:
        return distance(points[one], points[other], metric).astype(np.float64)

    return _by_pair(pairs, lengths)


def _by_pair(pairs: _Pairs, work: Callable[[_Ends, _Ends], NDArray[np.float64]]) -> NDArray[np.float64]:
    starts, ends = pairs
    parts = [work(starts[at : at + _PAIRS], ends[at : at + _PAIRS]) for at in range(0, len(starts), _PAIRS)]
    return np.concatenate([np.empty(0), *parts])
