"""One block of DBSCAN: which of these points are within eps of which of those, in a few words.

A block depends on its two sets of points and on nothing else, and what it answers is small however many pairs it finds:
blocks may be worked out in any order, at the same time, in threads or on other machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shared.model.core_samples import Metric

# Bound on the error of a float32 product, as a share of the product of the lengths: 2^-24 for each term summed in a
# row, of which BLAS has some 500 at most, however many dimensions there are. Seen on 64 to 25,088 of them: 9 x 2^-24.
_ROUNDING = np.float32(2**-15)

# From this share of pairs on, it is faster to look at all pairs for what is joined already than at neighbours alone, if
# most are: 0.6 and 0.7 ms a block; 0.6 and 0.3 at a quarter of it, 2.2 and 4.1 at sixteen times as many.
_DENSE = 1 / 64


@dataclass(frozen=True, slots=True)
class Rule:
    """DBSCAN's parameters: a point with min_samples within eps, itself included, is a core sample."""

    eps: float
    min_samples: int
    metric: Metric

    @property
    def reach(self) -> float:
        """What half the squared distance of neighbours is at most; that of unit vectors is their cosine distance."""
        return self.eps if self.metric == "cosine" else self.eps**2 / 2

    def halves(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Half the squared lengths, shape (n,); 1/2 by definition for cosine, where zeros are at 1 from everything."""
        if self.metric == "cosine":
            return np.full(len(vectors), 0.5)
        return np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64) / 2


@dataclass(frozen=True, slots=True)
class Points:
    """Consecutive points out of all n."""

    start: int
    """Which of the n the first one is."""
    vectors: NDArray[np.float32]
    """Shape (m, dimensions), as shared.model.core_samples.comparable makes them."""
    halves: NDArray[np.float32]
    """Shape (m,), from Rule.halves."""
    component: NDArray[np.int32]
    """Shape (m,): core samples with the same number are known to be in one cluster, all other points have their own."""

    @property
    def place(self) -> slice:
        return slice(self.start, self.start + len(self.vectors))


@dataclass(frozen=True, slots=True)
class Block:
    """What m points (the rows) and k others (the columns) have to do with each other."""

    rows: slice
    columns: slice
    row_counts: NDArray[np.int32]
    """Shape (m,): neighbours of each row among the columns, itself left out."""
    column_counts: NDArray[np.int32]
    """Shape (k,)."""
    links: NDArray[np.int32]
    """Shape (2, links): points that share a cluster if both are core samples. At most (m + k) * min_samples of them,
    which join what all the pairs of neighbours would."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which of n points, and what is known of them."""

    start: int
    component: NDArray[np.int32]
    """As in Points: shape (m,)."""

    def of(self, vectors: NDArray[np.float32], halves: NDArray[np.float32]) -> Points:
        some = slice(self.start, self.start + len(self.component))
        return Points(self.start, vectors[some], halves[some], self.component)


def link_parts(
    vectors: NDArray[np.float32], halves: NDArray[np.float32], pairs: Sequence[tuple[Part, Part]], rule: Rule
) -> list[Block]:
    """link for some pairs of rows and columns, given all n points: each worker gets these once, and little else."""
    return [link(rows.of(vectors, halves), columns.of(vectors, halves), rule) for rows, columns in pairs]


def link(rows: Points, columns: Points, rule: Rule) -> Block:
    """Find the neighbours among rows and columns; rows and columns that are the same count each pair once."""
    near = _neighbours(rows, columns, rule)
    if rows.start == columns.start:
        near = np.triu(near, 1)
    row_counts = near.sum(axis=1, dtype=np.int32)
    column_counts = near.sum(axis=0, dtype=np.int32)
    if row_counts.sum() > near.size * _DENSE:
        near &= rows.component[:, None] != columns.component
    ends = np.stack(np.unravel_index(np.flatnonzero(near), near.shape))  # np.nonzero, ten times as fast
    ends = ends[:, rows.component[ends[0]] != columns.component[ends[1]]]
    ends[1] += len(rows.vectors)
    if ends.shape[1] > sum(near.shape):
        ends = _fewer(ends, np.concatenate([row_counts, column_counts]) + 1 >= rule.min_samples)
    own = np.concatenate([np.arange(part.place.start, part.place.stop, dtype=np.int32) for part in (rows, columns)])
    return Block(rows.place, columns.place, row_counts, column_counts, own[ends])


def _neighbours(rows: Points, columns: Points, rule: Rule) -> NDArray[np.bool_]:
    """Whether half the squared distance is within reach, shape (m, k): |a|²/2 + |b|²/2 - ab <= reach.

    What float32 is too coarse to tell is worked out in float64, so that how points fall into blocks decides nothing.
    """
    products = rows.vectors @ columns.vectors.T
    greatest = columns.halves.max()
    if columns.halves.min() < greatest:  # never for cosine, which saves going over all products once more
        products += greatest - columns.halves
    least = rows.halves + greatest - np.float32(rule.reach)
    error = _ROUNDING * (rows.halves + greatest)
    near = products >= (least - error)[:, None]
    possible = np.flatnonzero(near)
    certain = (least + error)[possible // len(columns.vectors)]
    doubtful = np.unravel_index(possible[products.ravel()[possible] < certain], near.shape)
    if len(doubtful[0]):
        near[doubtful] = _exactly(rows.vectors, columns.vectors, doubtful, rule)
    return near


def _exactly(
    rows: NDArray[np.float32],
    columns: NDArray[np.float32],
    pairs: tuple[NDArray[np.intp], ...],
    rule: Rule,
) -> NDArray[np.bool_]:
    """Whether these pairs of a row and a column are neighbours, shape (pairs,)."""
    (which_rows, row), (which_columns, column) = (np.unique(ends, return_inverse=True) for ends in pairs)
    some_rows, some_columns = rows[which_rows].astype(np.float64), columns[which_columns].astype(np.float64)
    products = (some_rows @ some_columns.T)[row, column]
    return rule.halves(some_rows)[row] + rule.halves(some_columns)[column] - products <= rule.reach


def _fewer(links: NDArray[np.intp], core: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Links, shape (2, fewer), that join the same once it is known which ends are core samples; `core` already are.

    Links among core samples become one from each to the first of its component. The others stay: they have an end
    with fewer than min_samples.
    """
    known = core[links].all(axis=0)
    starts, ends = links[:, known]
    total = len(core)
    graph = coo_array((np.ones(len(starts), dtype=np.bool_), (starts, ends)), shape=(total, total))
    _, first, component = np.unique(
        connected_components(graph, directed=False)[1], return_index=True, return_inverse=True
    )
    firsts = first[component]
    others = np.flatnonzero(firsts != np.arange(total))
    return np.concatenate([np.stack([others, firsts[others]]), links[:, ~known]], axis=1)
