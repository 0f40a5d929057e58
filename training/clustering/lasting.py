"""The groups that last longest as eps grows, each at an eps of its own: finer ones than any single eps gives.

DBSCAN's groups at all eps form a tree: they grow, and become one with others. Of a group and those that became it, the
side is taken that holds over more of the range (excess of mass; Campello, Moulavi and Sander, 2013: HDBSCAN).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.model.core_samples import NOISE
from training.clustering.dbscan import Grouped
from training.clustering.sweep import Sweep

# Values of eps that are looked at: evenly spaced ones where more matter.
_LEVELS = 200
# Densities are 1 / eps. Below this eps pictures are copies, and no denser than others.
_SAME = 1e-3


@dataclass(slots=True)
class _Group:
    parts: list[_Group]
    """What became it; nothing where it grew from single points."""
    point: int
    """A core sample of it."""
    eps: float
    """The largest at which it is still by itself; rows and size are those at that eps."""
    rows: NDArray[np.intp]
    size: int
    mass: float = 0.0
    """How many pictures it holds, by how much density it holds them."""

    def lasting(self) -> list[_Group]:
        """Itself, or those of its parts that hold more."""
        best = [group for part in self.parts for group in part.lasting()]
        return best if sum(group.mass for group in best) > self.mass else [self]


def lasting_groups(sweep: Sweep, copies: NDArray[np.integer], least: int, widest: float) -> Grouped:
    """The groups of at least so many pictures that last longest up to the eps `widest`.

    copies: of how many pictures each of n points is, shape (n,).
    """
    groups: list[_Group] = []
    for eps, labels in sweep.walk(_LEVELS, widest):
        groups = [_grown(groups, labels, rows, eps, size, sweep) for rows, size in _large(labels, copies, least)]
    found = [chosen for group in groups for chosen in group.lasting()]
    labels = np.full(len(copies), NOISE, dtype=np.int32)
    core = np.zeros(len(copies), dtype=np.bool_)
    for number, group in enumerate(found):
        labels[group.rows] = number
        core[group.rows] = sweep.core[group.rows] <= group.eps
    return Grouped(labels, core)


def _large(labels: NDArray[np.int32], copies: NDArray[np.integer], least: int) -> list[tuple[NDArray[np.intp], int]]:
    """Rows and pictures of each cluster that has enough of them."""
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], NOISE, side="right") :]
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [(rows, size) for rows in parts if (size := int(copies[rows].sum())) >= least]


def _grown(
    before: list[_Group], labels: NDArray[np.int32], rows: NDArray[np.intp], eps: float, size: int, sweep: Sweep
) -> _Group:
    """What the groups at a lesser eps that are among these rows have become."""
    parts = [group for group in before if labels[group.point] == labels[rows[0]]]
    if len(parts) != 1:
        point = parts[0].point if parts else int(rows[sweep.core[rows].argmin()])
        return _Group(parts, point, eps, rows, size)
    (group,) = parts
    group.mass += group.size * (1 / max(group.eps, _SAME) - 1 / max(eps, _SAME))
    group.eps, group.rows, group.size = eps, rows, size
    return group
