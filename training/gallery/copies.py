"""Which pictures are copies of one another, also scaled or compressed again: their embeddings are nearly equal."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import Vectors
from shared.model.core_samples import comparable
from shared.model.remembered import SAME
from training.clustering.copies import COPIES

# Pictures compared at a time, first by the dimensions in which they differ most: 20,000 pictures take 2 s.
_BLOCK = 1024
_DIMENSIONS = 64

# What rounding may add to a squared distance between unit vectors.
_ROUNDING = 1e-6

type Stack = tuple[tuple[int, ...], ...]
"""Copies of one picture, by position. Those in one tuple can't be told apart: what becomes of one becomes of all."""


def find_stacks(vectors: Vectors) -> tuple[Stack, ...]:
    """The stacks of two copies or more among embeddings of shape (n, dimensions)."""
    if len(vectors) < 2:
        return ()
    points = comparable(vectors, "cosine")
    return tuple(
        tuple(tuple(stack[row] for row in same) for same in _near_firsts(points[stack], SAME))
        for stack in _near_firsts(points, COPIES)
        if len(stack) > 1
    )


def are_copies(vectors: Vectors) -> NDArray[np.bool_]:
    """Which of n embeddings are copies of an earlier one, shape (n,)."""
    found = np.zeros(len(vectors), dtype=np.bool_)
    for stack in find_stacks(vectors):
        found[sorted(itertools.chain(*stack))[1:]] = True
    return found


def _near_firsts(points: NDArray[np.float32], within: float) -> list[list[int]]:
    """Rows of unit vectors, each with the first one that it is near enough to: no chain leads from one to another."""
    widest = points[:, np.argsort(-points.var(axis=0), kind="stable")[:_DIMENSIONS]]

    def near(some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which are near which, shape (some, others). In some dimensions none are further apart than in all."""
        one, other = widest[some], widest[others]
        squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
        found = squares <= 2 * within + _ROUNDING
        rows, columns = found.any(axis=1), found.any(axis=0)
        found[np.ix_(rows, columns)] = 1 - points[some[rows]] @ points[others[columns]].T <= within
        return found

    found: dict[int, list[int]] = {}
    for start in range(0, len(points), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(points)))
        firsts = np.array([*found], dtype=np.intp)
        known = near(block, firsts)
        taken = known.any(axis=1)
        for place in np.flatnonzero(taken):
            found[int(firsts[known[place].argmax()])].append(int(block[place]))
        rest = block[~taken]
        among = near(rest, rest)
        np.fill_diagonal(among, val=True)
        free = np.ones(len(rest), dtype=np.bool_)
        for place in range(len(rest)):
            if free[place]:
                own = among[place] & free
                found[int(rest[place])] = rest[own].tolist()
                free &= ~own
    return [*found.values()]
