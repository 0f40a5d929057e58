from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from shared.model.core_samples import NOISE, Metric
from training.clustering.clusters import find_clusters
from training.clustering.eps import EpsChoice, NoGroupsError, choose_eps

DIMENSIONS = 64


def kinds(*sizes: int, spread: float = 0.3, stragglers: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Pictures of several kinds and some of none: vectors as VGG16's, not negative, and the kind of each, or NOISE."""
    chance = np.random.default_rng(len(sizes))
    centres = chance.gamma(1, 1, (len(sizes), DIMENSIONS))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    pictures = centres[labels] * chance.gamma(1 / spread**2, spread**2, (len(labels), DIMENSIONS))
    odd = chance.gamma(0.3, 3, (stragglers, DIMENSIONS))
    return (
        np.concatenate([pictures, odd]).astype(np.float32),
        np.concatenate([labels, np.full(stragglers, NOISE)]).astype(np.int32),
    )


def found(vectors: NDArray[np.float32], choice: EpsChoice, metric: Metric = "cosine") -> NDArray[np.int32]:
    return find_clusters(vectors, eps=choice.eps, min_samples=3, metric=metric).labels


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("sizes", [(3, 3), (5, 4, 3), (40, 30, 20), (8,) * 10, (120, 5, 5), (60,) * 6])
def test_finds_kinds_that_are_apart(metric: Metric, sizes: tuple[int, ...]) -> None:
    vectors, labels = kinds(*sizes)
    choice = choose_eps(vectors, metric=metric)
    assert adjusted_rand_score(labels, found(vectors, choice, metric)) == 1


def test_leaves_pictures_of_no_kind_out() -> None:
    vectors, labels = kinds(30, 20, 10, stragglers=12)
    assert adjusted_rand_score(labels, found(vectors, choose_eps(vectors))) > 0.95


def test_does_not_merge_kinds_into_one_giant_where_a_few_pictures_bridge_them() -> None:
    vectors, labels = kinds(40, 40, 40)
    middle = (vectors[labels == 0].mean(axis=0) + vectors[labels == 1].mean(axis=0)) / 2
    bridge = middle * np.random.default_rng(0).gamma(11, 1 / 11, (4, DIMENSIONS))
    bridged = np.concatenate([vectors, bridge]).astype(np.float32)
    choice = choose_eps(bridged)
    assert adjusted_rand_score(labels, found(bridged, choice)[: len(labels)]) > 0.95
    assert choice.curve.largest[-1] == 1


def test_the_order_of_the_pictures_does_not_matter() -> None:
    vectors, _ = kinds(50, 40, 30, 20, spread=0.7, stragglers=20)
    shuffled = np.random.default_rng(1).permutation(len(vectors))
    choice, other = choose_eps(vectors), choose_eps(vectors[shuffled])
    assert choice.eps == other.eps
    assert choice.reason == other.reason


def test_the_scale_of_the_distances_does_not_matter() -> None:
    vectors, _ = kinds(50, 40, 30, spread=0.7)
    labels = found(vectors, choose_eps(vectors, metric="euclidean"), "euclidean")
    larger = vectors * 4096
    assert (found(larger, choose_eps(larger, metric="euclidean"), "euclidean") == labels).all()


def test_eps_is_well_inside_the_span_that_gives_the_same_groups() -> None:
    vectors, _ = kinds(30, 30)
    choice = choose_eps(vectors)
    labels = found(vectors, choice)
    for factor in (0.9, 1.1):
        nearby = find_clusters(vectors, eps=choice.eps * factor, min_samples=3, metric="cosine").labels
        assert (nearby == labels).all()
    assert len(f"{choice.eps:g}") <= 5


def test_duplicates_are_one_group_each() -> None:
    vectors, _ = kinds(1, 1, 1)
    repeated = vectors.repeat([5, 4, 3], axis=0)
    assert adjusted_rand_score([0] * 5 + [1] * 4 + [2] * 3, found(repeated, choose_eps(repeated))) == 1


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("count", [3, 50])
def test_identical_pictures_are_one_group(metric: Metric, count: int) -> None:
    vectors, _ = kinds(1)
    repeated = vectors.repeat(count, axis=0)
    choice = choose_eps(repeated, metric=metric)
    assert choice.eps > 0
    assert not found(repeated, choice, metric).any()


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_few_pictures_of_one_kind_are_one_group(count: int) -> None:
    vectors, _ = kinds(count)
    choice = choose_eps(vectors)
    assert not found(vectors, choice).any()
    assert "one group" in choice.reason


def test_a_few_pictures_of_one_kind_and_an_odd_one() -> None:
    vectors, labels = kinds(4, 1, spread=0.2)
    assert adjusted_rand_score(labels, found(vectors, choose_eps(vectors))) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_pictures_make_no_group(count: int) -> None:
    vectors, _ = kinds(count)
    with pytest.raises(NoGroupsError, match=rf"pictures: {count}, .*--min-samples 3.*add pictures"):
        choose_eps(vectors)


def test_says_so_where_hardly_anything_sets_groups_apart() -> None:
    noise = np.random.default_rng(0).gamma(1, 1, (200, DIMENSIONS)).astype(np.float32)
    assert "hardly" in choose_eps(noise).reason
    assert "hardly" not in choose_eps(kinds(40, 40)[0]).reason


@pytest.mark.parametrize("count", [20, 600])
def test_the_curve_is_what_dbscan_finds(count: int) -> None:
    vectors, _ = kinds(*[count // 10] * 10, spread=0.8)
    curve = choose_eps(vectors).curve
    assert (np.diff(curve.eps) > 0).all()
    assert len(curve.eps) == len(curve.clusters) == len(curve.coverage) == len(curve.largest) == len(curve.score)
    for at in range(0, len(curve.eps), max(1, len(curve.eps) // 10)):
        eps = float(curve.eps[at]) * (1 + 1e-6) + 1e-7
        labels = find_clusters(vectors, eps=eps, min_samples=3, metric="cosine").labels
        sizes = np.bincount(labels[labels != NOISE])
        assert curve.clusters[at] == len(sizes)
        assert curve.coverage[at] == pytest.approx(sizes.sum() / len(vectors))
        assert curve.largest[at] == pytest.approx(sizes.max() / len(vectors))


def test_the_score_is_the_modularity_of_the_groups() -> None:
    vectors, labels = kinds(20, 20, 20)
    choice = choose_eps(vectors)
    assert (found(vectors, choice) == labels).all()
    # Every link is inside a group, and each of three groups has a third of them: 1 - 3 / 9.
    assert choice.curve.score.max() == pytest.approx(2 / 3, abs=0.01)
    assert choice.curve.score[-1] == pytest.approx(0)


@pytest.mark.parametrize("min_samples", [1, 2, 8])
def test_other_min_samples(min_samples: int) -> None:
    vectors, labels = kinds(30, 20, 10)
    choice = choose_eps(vectors, min_samples=min_samples)
    clusters = find_clusters(vectors, eps=choice.eps, min_samples=min_samples, metric="cosine")
    assert adjusted_rand_score(labels, clusters.labels) == 1
