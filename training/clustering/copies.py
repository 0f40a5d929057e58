"""Copies of one picture, scaled or compressed again, count as one point among the pictures that groups are made of.

Else a picture's nearest neighbours are its own copies: where a quarter of the pictures have one to three, twice as many
groups are found as without, and some hold the copies of one picture (`python -m benchmarks.groups.copies`).
"""

from __future__ import annotations

import numpy as np

from training.clustering.neighbours import Neighbours, Points
from training.clustering.pairs import pair_distances

# Cosine distance up to which two pictures are copies. R-MAC of 120 pictures compressed again at quality 60, 75, 85, 95,
# and at half their size: 70, 95, 100, 100 and 49 % are within it (90, 100, 100, 100 and 81 % of the 90 large ones if
# averaged). Among 1,940 others the nearest that are not one picture are 0.030 apart (averaged: 0.010).
COPIES = 5e-3


def folded(points: Points, near: Neighbours) -> Points:
    """With points that are copies of an earlier one put together with it: no chain leads from one to another.

    points: unit vectors. Their neighbours are listed; a copy that is not nearest, or next to copies, is not looked for.
    """
    first = np.arange(len(points))
    spread = points.spread.copy()
    for one, other, apart in _pairs(points, near):
        if first[one] == one and first[other] == other:
            first[other] = one
            spread[one] = max(spread[one], apart)
    kept, which = np.unique(first, return_inverse=True)
    copies = np.bincount(which, points.copies).astype(np.intp)
    return Points(points.vectors[kept], points.rows[kept], copies, which[points.which], spread[kept])


def _pairs(points: Points, near: Neighbours) -> list[tuple[int, int, float]]:
    """Copies, the earlier one first and in order, and how far they are apart."""
    found: dict[tuple[int, int], float] = {}
    rows = np.arange(len(points), dtype=np.int32)
    for column in near.indices.T:
        apart = pair_distances(points.vectors, np.stack([rows, column[rows]]), "cosine")
        copies = apart <= COPIES
        rows, apart = rows[copies], apart[copies]
        if not len(rows):
            break
        ends = np.sort([rows, column[rows]], axis=0)
        found |= dict(zip(zip(*ends.tolist(), strict=True), apart.tolist(), strict=True))
    return [(one, other, apart) for (one, other), apart in sorted(found.items())]
