"""Fewer core samples that answer alike, so that what serving loads and compares with does not grow with a collection.

Kept are those by which most pictures are covered: chosen one by one, each the one that most of its cluster's points,
of which none is covered yet, have among their nearest.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from shared.model.core_samples import NOISE
from training.clustering.dbscan import Grouped
from training.clustering.neighbours import Neighbours

# Pictures from which on core samples are thinned: fewer make no bundle that a worker would notice.
THINNED_FROM = 50_000
_KEPT = 0.1
# Core samples of its own cluster that cover a point: its nearest. Of 50,000 drawn points (benchmarks/clustering.py),
# .967 of 5,000 new ones are answered as by all core samples, and .99 of the core samples that are dropped stay in their
# cluster; covered by any within the radius, .964 and .996; a tenth at random answers far fewer alike (.90 to .95 of
# 6,000 points). Radii that were set anew for the kept ones agree no more often (.966).
_COVERING = 8


def thinned(grouped: Grouped, near: Neighbours) -> Grouped:
    """With a tenth of each cluster's core samples, and one at least. The others are border points then."""
    covered_by = _covering(grouped, near)
    sizes = np.bincount(grouped.labels[grouped.core], minlength=grouped.count)
    left = np.ceil(sizes * _KEPT).astype(np.intp)
    kept = np.zeros(len(grouped.core), dtype=np.bool_)
    covered = np.zeros(len(grouped.core), dtype=np.bool_)
    # Most first; of as many, the first point. What one adds only falls: it is counted again when its turn comes.
    queue = [(-len(covered_by[row]), row) for row in np.flatnonzero(grouped.core).tolist()]
    heapq.heapify(queue)
    while queue:
        added, row = heapq.heappop(queue)
        if not left[grouped.labels[row]]:
            continue
        now = -int(np.count_nonzero(~covered[covered_by[row]]))
        if now > added:
            heapq.heappush(queue, (now, row))
            continue
        kept[row] = True
        left[grouped.labels[row]] -= 1
        covered[covered_by[row]] = True
    return Grouped(grouped.labels, kept)


def _covering(grouped: Grouped, near: Neighbours) -> list[NDArray[np.intp]]:
    """By core sample, the points that it covers, itself among them; nothing for all others."""
    own = grouped.core[near.indices] & (grouped.labels[near.indices] == grouped.labels[:, None])
    own &= (grouped.labels != NOISE)[:, None]
    own &= own.cumsum(axis=1, dtype=np.int16) <= _COVERING
    points, place = np.nonzero(own)
    core = np.flatnonzero(grouped.core)
    points, by = np.append(points, core), np.append(near.indices[points, place], core)
    order = np.argsort(by, kind="stable")
    return np.split(points[order], np.bincount(by, minlength=len(grouped.core)).cumsum()[:-1])
