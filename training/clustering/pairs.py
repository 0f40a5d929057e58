"""Work over many pairs of points, some at a time: all at once they would not fit into memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from shared.model.core_samples import Metric, distance

# Pairs compared at a time: some 50 MB.
_PAIRS = 20_000

type Ends = NDArray[np.int32]
type Pairs = NDArray[np.int32]
"""Starts and ends, shape (2, pairs)."""


def pair_distances(points: NDArray[np.float32], pairs: Pairs, metric: Metric) -> NDArray[np.float64]:
    """How far apart the points of each pair are, shape (pairs,). points: shape (n, dimensions), comparable."""

    def distances(one: Ends, other: Ends) -> NDArray[np.float64]:
        return distance(points[one], points[other], metric).astype(np.float64)

    return by_pair(pairs, distances)


def by_pair(pairs: Pairs, work: Callable[[Ends, Ends], NDArray[np.float64]]) -> NDArray[np.float64]:
    """What `work` makes of each pair, shape (pairs,)."""
    starts, ends = pairs
    parts = [work(starts[at : at + _PAIRS], ends[at : at + _PAIRS]) for at in range(0, len(starts), _PAIRS)]
    return np.concatenate([np.empty(0), *parts])
