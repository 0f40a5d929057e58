import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from shared.model.core_samples import NOISE, Metric
from tests.training.clustering.points import METRICS, distances, min_samples, pick_eps, points, seeds, shares, sizes
from training.clustering.clusters import Clusters, find_clusters, join


def partition(labels: NDArray[np.int32]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == cluster).tolist()) for cluster in set(labels.tolist()) - {NOISE}}


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares)
@settings(max_examples=50, deadline=None)
def test_core_points_and_noise_are_scikit_learns(
    metric: Metric, seed: int, count: int, least: int, share: float
) -> None:
    vectors = points(seed, count)
    eps = pick_eps(vectors, metric, share)
    found = find_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    expected = DBSCAN(eps=eps, min_samples=least, metric=metric).fit(vectors)
    assert np.flatnonzero(found.core).tolist() == expected.core_sample_indices_.tolist()
    assert found.labels[found.core].tolist() == expected.labels_[found.core].tolist()
    assert np.array_equal(found.labels == NOISE, expected.labels_ == NOISE)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares)
@settings(max_examples=50, deadline=None)
def test_every_picture_goes_to_its_nearest_core_sample_within_eps(
    metric: Metric, seed: int, count: int, least: int, share: float
) -> None:
    vectors = points(seed, count)
    eps = pick_eps(vectors, metric, share)
    found = find_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    core = np.flatnonzero(found.core)
    if not len(core):
        assert np.isinf(found.distances).all()
        assert found.count == 0
        return
    to_core = distances(vectors, metric)[:, core]
    assert found.distances == pytest.approx(to_core.min(axis=1), abs=1e-4)
    assert (found.distances[core] == 0).all()
    for picture in np.flatnonzero(~found.core):
        nearest = to_core[picture].min()
        equally_near = found.labels[core[to_core[picture] <= nearest + 1e-5]].tolist()
        assert found.labels[picture] in (equally_near if nearest <= eps else [NOISE])


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares)
@settings(max_examples=50, deadline=None)
def test_the_order_of_the_pictures_does_not_matter(
    metric: Metric, seed: int, count: int, least: int, share: float
) -> None:
    vectors = points(seed, count)
    eps = pick_eps(vectors, metric, share)
    order = np.random.default_rng(seed).permutation(count)
    found = find_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    shuffled = find_clusters(vectors[order], eps=eps, min_samples=least, metric=metric)
    back = np.empty_like(shuffled.labels)
    back[order] = shuffled.labels
    assert partition(back) == partition(found.labels)
    assert np.array_equal(shuffled.core, found.core[order])


def test_a_border_point_goes_to_the_nearer_group_not_to_the_first() -> None:
    # 1.4 is within eps of both groups' core samples, at 0.5 and 2.2. DBSCAN reaches it from the left one first.
    vectors = np.array([[0], [0.2], [0.5], [1.4], [2.2], [2.5], [2.7]], dtype=np.float32)
    assert DBSCAN(eps=0.95, min_samples=4).fit(vectors).labels_[3] == 0
    found = find_clusters(vectors, eps=0.95, min_samples=4, metric="euclidean")
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert found.core.tolist() == [False, False, True, False, True, False, False]
    assert found.distances.tolist() == pytest.approx([0.5, 0.3, 0, 0.8, 0, 0.3, 0.5])


def test_clusters_are_numbered_in_the_order_of_their_first_core_samples() -> None:
    vectors = np.array([[50], [5.2], [5.1], [0], [0.1], [5]], dtype=np.float32)
    found = find_clusters(vectors, eps=0.3, min_samples=2, metric="euclidean")
    assert found.labels.tolist() == [NOISE, 0, 0, 1, 1, 0]
    assert (found.count, found.sizes()) == (2, [3, 2])
    assert found.eps.tolist() == pytest.approx([0.3, 0.3])


def clusters(labels: list[int], core: list[bool], eps: list[float]) -> Clusters:
    return Clusters(
        np.array(labels, dtype=np.int32),
        np.array(core),
        np.where(core, 0, 0.5).astype(np.float32),
        np.array(eps, dtype=np.float32),
    )


def test_parts_are_joined_in_order_each_with_its_eps() -> None:
    one = clusters([0, NOISE, 1], [True, False, True], [0.1, 0.1])
    none = clusters([NOISE], [False], [])
    other = clusters([0, 0], [True, False], [0.2])
    joined = join([(np.array([4, 0, 2]), one), (np.array([5]), none), (np.array([1, 3]), other)], 7)
    assert joined.labels.tolist() == [NOISE, 2, 1, 2, 0, NOISE, NOISE]
    assert joined.core.tolist() == [False, True, True, False, True, False, False]
    assert joined.distances.tolist() == [0.5, 0, 0, 0.5, 0, 0.5, float("inf")]
    assert joined.eps.tolist() == pytest.approx([0.1, 0.1, 0.2])
    assert joined.sizes() == [1, 1, 2]


def test_one_part_joined_is_itself() -> None:
    found = find_clusters(points(1, 40), eps=0.9, min_samples=3, metric="euclidean")
    joined = join([(np.arange(40), found)], 40)
    for mine, same in ((found.labels, joined.labels), (found.core, joined.core), (found.distances, joined.distances)):
        assert np.array_equal(mine, same)


@given(seed=seeds, share=shares)
@settings(max_examples=50, deadline=None)
def test_length_does_not_count_for_cosine(seed: int, share: float) -> None:
    vectors = points(seed, 30)
    eps = pick_eps(vectors, "cosine", share)
    scaled = vectors * np.linspace(0.1, 100, 30, dtype=np.float32)[:, None]
    one, other = (find_clusters(each, eps=eps, min_samples=2, metric="cosine") for each in (vectors, scaled))
    assert np.array_equal(one.labels, other.labels)
