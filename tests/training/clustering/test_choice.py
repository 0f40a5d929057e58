from __future__ import annotations

import numpy as np
import pytest

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE
from tests.training.clustering.vectors import DIMENSIONS, kinds
from training.clustering.choice import Choice, candidates, distances_of
from training.clustering.clusters import Parameters, choose_parameters, find_groups
from training.clustering.dbscan import Grouped, by_embeddings, by_graph, within
from training.clustering.neighbours import centred, distinct, nearest_neighbours
from training.engine import LOCAL


def choose(vectors: Vectors, neighbours: int | None = None, min_samples: int = 3) -> Choice:
    return choose_parameters(vectors, Parameters(neighbours, None, min_samples))


def test_fewer_neighbours_count_where_there_are_few_pictures() -> None:
    assert list(candidates(100)) == [10, 15, 20]
    assert list(candidates(45)) == [10]
    assert list(candidates(20)) == [5]
    assert list(candidates(19)) == [0]


def test_the_number_that_is_given_is_kept() -> None:
    vectors, _ = kinds(20, 20)
    assert choose(vectors, 7).neighbours == 7
    assert choose(vectors, 0).neighbours == 0
    assert choose(vectors).neighbours in candidates(40)


@pytest.mark.parametrize("neighbours", [None, 0])
def test_does_not_merge_kinds_into_one_giant_where_a_few_pictures_bridge_them(neighbours: int | None) -> None:
    vectors, labels = kinds(40, 40, 40)
    middle = (vectors[labels == 0].mean(axis=0) + vectors[labels == 1].mean(axis=0)) / 2
    bridge = middle * np.random.default_rng(0).gamma(11, 1 / 11, (4, DIMENSIONS))
    bridged = np.concatenate([vectors, bridge]).astype(np.float32)
    found = find_groups(bridged, Parameters(neighbours)).clusters.labels[: len(labels)]
    assert len({frozenset(found[labels == kind].tolist()) for kind in range(3)}) == 3


def test_the_order_of_the_pictures_does_not_matter() -> None:
    vectors, _ = kinds(50, 40, 30, 20, spread=0.7, stragglers=20)
    shuffled = np.random.default_rng(1).permutation(len(vectors))
    choice, other = choose(vectors), choose(vectors[shuffled])
    assert (choice.neighbours, choice.eps, choice.reason) == (other.neighbours, other.eps, other.reason)


def test_says_so_where_hardly_anything_sets_groups_apart() -> None:
    noise = np.random.default_rng(0).gamma(1, 1, (20, DIMENSIONS)).astype(np.float32)
    assert "hardly" in choose(noise).reason
    assert "hardly" not in choose(kinds(40, 40, 40)[0]).reason


@pytest.mark.parametrize("neighbours", [0, 10])
def test_the_curve_is_what_dbscan_finds(neighbours: int) -> None:
    vectors, _ = kinds(*[20] * 10, spread=0.8)
    curve = choose(vectors, neighbours).curve
    assert (np.diff(curve.eps) > 0).all()
    assert len(curve.eps) == len(curve.clusters) == len(curve.coverage) == len(curve.largest) == len(curve.score)
    for at in range(5, len(curve.eps), len(curve.eps) // 5):
        eps = float(curve.eps[at]) * (1 + 1e-6)
        assert curve.clusters[at] == _dbscan(vectors, neighbours, eps).count


def _dbscan(vectors: Vectors, neighbours: int, eps: float) -> Grouped:
    points = distinct(vectors, "cosine")
    if neighbours == 0:
        return by_embeddings(points, eps, 3, "cosine")
    near = nearest_neighbours(centred(points), "cosine", 30, LOCAL)
    return by_graph(points, within(distances_of(points.vectors, near, neighbours, "cosine"), eps), 3)


def test_the_score_is_the_modularity_of_the_groups() -> None:
    vectors, labels = kinds(20, 20, 20)
    found = find_groups(vectors, Parameters())
    assert (found.clusters.labels == labels).all()
    # Every link is inside a group, and each of three groups has a third of them: 1 - 3 / 9.
    assert found.choice
    assert found.choice.curve.score.max() == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.parametrize("min_samples", [1, 2, 8])
def test_other_min_samples(min_samples: int) -> None:
    vectors, labels = kinds(30, 20, 12)
    found = find_groups(vectors, Parameters(min_samples=min_samples)).clusters
    assert len(set(zip(labels[found.labels != NOISE], found.labels[found.labels != NOISE], strict=True))) == found.count
