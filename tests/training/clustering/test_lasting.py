from __future__ import annotations

import numpy as np
import pytest

from tests.training.clustering.vectors import partition
from training.clustering.dbscan import Grouped
from training.clustering.lasting import lasting_groups
from training.clustering.neighbours import distinct, nearest_neighbours
from training.clustering.reciprocal import listed_distances
from training.clustering.sweep import Sweep


def line(*parts: tuple[float, float]) -> list[float]:
    """Five points from each start on, by so much apart."""
    return [start + step * number for start, step in parts for number in range(5)]


def lasting(places: list[float], *, least: int = 4, widest: float = 4.0) -> Grouped:
    points = distinct(np.array(places, dtype=np.float32)[:, None], "euclidean")
    near = nearest_neighbours(points.vectors, "euclidean", len(points))
    sweep = Sweep(listed_distances(points.vectors, near, "euclidean"), points.copies, 3)
    found = lasting_groups(sweep, points.copies, least, widest)
    return Grouped(found.labels[points.which], found.core[points.which])


@pytest.mark.parametrize(
    ("between", "groups"),
    [(1.0, [(0, 5), (5, 10), (10, 15)]), (0.15, [(0, 10), (10, 15)])],
    ids=["apart for long", "hardly apart"],
)
def test_each_group_has_an_eps_of_its_own(between: float, groups: list[tuple[int, int]]) -> None:
    found = lasting(line((0, 0.1), (0.4 + between, 0.1), (30, 1.5)))
    assert partition(found.labels) == {frozenset(range(*group)) for group in groups}


def test_nothing_is_wider_than_it_may_be() -> None:
    assert partition(lasting(line((0, 0.1), (30, 1.5)), widest=1.0).labels) == {frozenset(range(5))}


def test_few_pictures_are_no_group_and_copies_are_pictures() -> None:
    assert lasting([0, 0.1, 0.2]).count == 0
    assert partition(lasting([0, 0.1, 0.2, 0.2]).labels) == {frozenset(range(4))}


def test_core_samples_are_those_at_the_eps_of_the_group() -> None:
    found = lasting([0, 0.1, 0.2, 0.3, 0.4, 1.05], widest=0.66)
    assert (found.labels.tolist(), found.core.tolist()) == ([0] * 6, [True] * 5 + [False])
