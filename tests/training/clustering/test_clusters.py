from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, CoreSamples, Metric
from tests.training.clustering.points import METRICS, distances, min_samples, pick_eps, points, seeds, shares, sizes
from tests.training.clustering.vectors import DIMENSIONS, blobs, grid, kinds, partition
from training.clustering.choice import NoGroupsError
from training.clustering.clusters import Clusters, Parameters, find_groups, join


def find_clusters(vectors: Vectors, *, eps: float, min_samples: int, metric: Metric) -> Clusters:
    """Plain DBSCAN's; no example where there are none."""
    try:
        return find_groups(vectors, Parameters(0, eps, min_samples, metric)).clusters
    except NoGroupsError:
        assume(False)
        raise


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares)
@settings(max_examples=30, deadline=None)
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
@settings(max_examples=30, deadline=None)
def test_every_picture_goes_to_its_nearest_core_sample_within_eps(
    metric: Metric, seed: int, count: int, least: int, share: float
) -> None:
    vectors = points(seed, count)
    eps = pick_eps(vectors, metric, share)
    found = find_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    core = np.flatnonzero(found.core)
    to_core = distances(vectors, metric)[:, core]
    assert found.distances == pytest.approx(to_core.min(axis=1), abs=1e-4)
    assert (found.distances[core] == 0).all()
    for picture in np.flatnonzero(~found.core):
        nearest = to_core[picture].min()
        equally_near = found.labels[core[to_core[picture] <= nearest + 1e-5]].tolist()
        assert found.labels[picture] in (equally_near if nearest <= eps else [NOISE])


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares)
@settings(max_examples=30, deadline=None)
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
    assert found.radius.tolist() == pytest.approx([0.3, 0.3])


def clusters(labels: list[int], core: list[bool], radius: list[float]) -> Clusters:
    return Clusters(
        np.array(labels, dtype=np.int32),
        np.array(core),
        np.where(core, 0, 0.5).astype(np.float32),
        np.array(radius, dtype=np.float32),
        np.array(radius, dtype=np.float32) * 2,
    )


def test_parts_are_joined_in_order_each_with_its_radius() -> None:
    one = clusters([0, NOISE, 1], [True, False, True], [0.1, 0.1])
    none = clusters([NOISE], [False], [])
    other = clusters([0, 0], [True, False], [0.2])
    joined = join([(np.array([4, 0, 2]), one), (np.array([5]), none), (np.array([1, 3]), other)], 7)
    assert joined.labels.tolist() == [NOISE, 2, 1, 2, 0, NOISE, NOISE]
    assert joined.core.tolist() == [False, True, True, False, True, False, False]
    assert joined.distances.tolist() == [0.5, 0, 0, 0.5, 0, 0.5, float("inf")]
    assert joined.radius.tolist() == pytest.approx([0.1, 0.1, 0.2])
    assert joined.reach.tolist() == pytest.approx([0.2, 0.2, 0.4])
    assert joined.sizes() == [1, 1, 2]


def test_one_part_joined_is_itself() -> None:
    found = find_clusters(points(1, 40), eps=1.5, min_samples=3, metric="euclidean")
    joined = join([(np.arange(40), found)], 40)
    for mine, same in ((found.labels, joined.labels), (found.core, joined.core), (found.distances, joined.distances)):
        assert np.array_equal(mine, same)


@given(seed=seeds, share=shares)
@settings(max_examples=30, deadline=None)
def test_length_does_not_count_for_cosine(seed: int, share: float) -> None:
    vectors = points(seed, 30)
    eps = pick_eps(vectors, "cosine", share)
    scaled = vectors * np.linspace(0.1, 100, 30, dtype=np.float32)[:, None]
    one, other = (find_clusters(each, eps=eps, min_samples=2, metric="cosine") for each in (vectors, scaled))
    assert np.array_equal(one.labels, other.labels)


def find(vectors: Vectors, **given: object) -> Clusters:
    return find_groups(vectors, Parameters(**given)).clusters  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("sizes", [(12, 12, 12), (40, 30, 20), (25,) * 10, (60,) * 6])
def test_finds_kinds_that_are_apart(metric: Metric, sizes: tuple[int, ...]) -> None:
    """A kind may come apart; none is ever mixed with another."""
    vectors, labels = kinds(*sizes)
    found = find(vectors, metric=metric)
    assert all(len({*labels[found.labels == cluster].tolist()}) == 1 for cluster in range(found.count))
    assert len(sizes) <= found.count <= len(sizes) + 1
    assert (found.labels != NOISE).mean() > 0.95


def test_finds_dense_and_sparse_kinds_where_no_one_distance_does() -> None:
    dense, of_dense = kinds(30, 30, 30, spread=0.15)
    sparse, of_sparse = kinds(30, 30, spread=0.9)
    vectors, labels = np.concatenate([dense, sparse]), np.concatenate([of_dense, of_sparse + 3])
    shared = adjusted_rand_score(labels, find(vectors).labels)
    plain = adjusted_rand_score(labels, find(vectors, neighbours=0).labels)
    assert shared > 0.9
    assert shared > plain


@pytest.mark.parametrize("neighbours", [None, 0, 5, 12])
@pytest.mark.parametrize("metric", METRICS)
def test_training_and_serving_agree_on_every_picture(metric: Metric, neighbours: int | None) -> None:
    vectors, _ = kinds(30, 20, 10, spread=0.8, stragglers=15)
    found = find(vectors, neighbours=neighbours, metric=metric)
    served = CoreSamples(vectors[found.core], found.labels[found.core], metric).nearest(vectors)
    assert served.within(found.radius[served.clusters]).tolist() == found.labels.tolist()
    assert served.distances == pytest.approx(found.distances, abs=1e-6)


@pytest.mark.parametrize("neighbours", [None, 0, 6])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_pictures_does_not_matter_whatever_the_ties(seed: int, neighbours: int | None) -> None:
    for vectors in (grid(), blobs(seed=seed)):
        order = np.random.default_rng(seed).permutation(len(vectors))
        found = find(vectors, neighbours=neighbours, metric="euclidean", min_samples=4)
        shuffled = find(vectors[order], neighbours=neighbours, metric="euclidean", min_samples=4)
        back = np.empty_like(shuffled.labels)
        back[order] = shuffled.labels
        assert partition(back) == partition(found.labels)
        assert np.array_equal(shuffled.core, found.core[order])
        assert sorted(shuffled.radius.tolist()) == sorted(found.radius.tolist())


def test_copies_of_a_picture_are_always_in_one_group() -> None:
    vectors, _ = kinds(15, 15, 15, spread=0.9)
    copied = np.concatenate([vectors, np.repeat(vectors[::4], 3, axis=0)])
    found = find(copied)
    assert found.labels[len(vectors) :].tolist() == np.repeat(found.labels[: len(vectors) : 4], 3).tolist()


@pytest.mark.parametrize("count", [3, 50])
def test_identical_pictures_are_one_group(count: int) -> None:
    found = find(kinds(1)[0].repeat(count, axis=0))
    assert found.labels.tolist() == [0] * count
    assert found.radius[0] > 0


def test_what_is_not_alike_is_not_a_group() -> None:
    vectors, labels = kinds(20, 20, stragglers=6)
    assert 2 not in find(vectors, loosest=0.2).labels
    assert 2 in find(vectors).labels
    assert (find(vectors, loosest=0.2).labels[labels == NOISE] == NOISE).sum() >= 5


@pytest.mark.parametrize("count", [3, 8, 20])
def test_unrelated_pictures_are_no_groups(count: int) -> None:
    unrelated = np.random.default_rng(count).gamma(1, 1, (count, DIMENSIONS)).astype(np.float32)
    with pytest.raises(NoGroupsError, match="no groups found"):
        find_groups(unrelated, Parameters(loosest=0.25))


@pytest.mark.parametrize("seed", range(4))
def test_groups_that_hardly_set_themselves_apart_must_be_tighter(seed: int) -> None:
    unrelated = np.random.default_rng(seed).gamma(1, 1, (10, DIMENSIONS)).astype(np.float32)
    assert find_groups(unrelated, Parameters()).clusters.count
    with pytest.raises(NoGroupsError, match="no groups found"):
        find_groups(unrelated, Parameters(loosest=0.46))


def test_groups_that_set_themselves_apart_may_be_as_loose() -> None:
    vectors, _ = kinds(20, 20, 20, spread=0.9)
    found = find_groups(vectors, Parameters(loosest=0.3))
    assert found.choice is not None
    assert not found.choice.weak
    assert found.clusters.count == 3


def test_a_few_pictures_of_one_kind_are_one_group() -> None:
    assert find(kinds(4)[0], loosest=0.25).sizes()[0] >= 3


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_pictures_make_no_group(count: int) -> None:
    with pytest.raises(NoGroupsError, match=rf"pictures: {count}, .*--min-samples 3.*add pictures"):
        find_groups(kinds(count)[0], Parameters())


def test_an_eps_given_alone_is_a_distance_between_embeddings() -> None:
    vectors, _ = kinds(20, 20)
    alone, plain = (find_groups(vectors, Parameters(neighbours, 0.1)) for neighbours in (None, 0))
    assert alone.neighbours == plain.neighbours == 0
    assert alone.clusters.labels.tolist() == plain.clusters.labels.tolist()
    assert alone.choice is None


def test_a_radius_of_its_own_for_each_group() -> None:
    vectors = np.concatenate([kinds(30, 30, spread=0.15)[0], kinds(30, spread=0.6)[0]])
    found = find(vectors)
    assert found.count == 3
    tight, _, loose = np.sort(found.radius)
    assert loose > tight
    assert (found.reach >= found.radius).all()


@pytest.mark.parametrize("seed", range(6))
def test_no_group_is_left_with_fewer_pictures_than_a_group_takes(seed: int) -> None:
    """Where kinds overlap, serving puts many a picture into another group than its neighbours did."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(12, 16))
    lengths = 0.5 + random.random((300, 1))
    noise = 1.5 * random.normal(size=(300, 16))
    vectors = (centres[random.integers(12, size=300)] * lengths + noise).astype(np.float32)
    found = find_groups(vectors, Parameters(min_samples=3)).clusters
    assert min(found.sizes()) >= 3


def test_fine_groups_keep_kinds_apart_that_one_eps_joins() -> None:
    vectors, labels = kinds(14, 14, 14, 14, 14, spread=0.6)
    one, fine = (find_groups(vectors, Parameters(10, 0.98, fine=wanted)).clusters for wanted in (False, True))
    mixed = [
        [group for group in partition(found.labels) if len(set(labels[list(group)].tolist())) > 1]
        for found in (one, fine)
    ]
    assert ([len(groups) for groups in mixed], fine.count >= 5) == ([1, 0], True)


def test_clusters_can_be_left_out_by_what_is_in_them() -> None:
    vectors, labels = kinds(14, 14, 14)
    found = find_groups(vectors, Parameters(8, 0.8)).clusters
    share = found.shares(labels == 1)
    assert sorted(share.tolist()) == [0, 0, 1]
    left = found.only(share < 1)
    assert (left.count, len(left.radius)) == (2, 2)
    assert partition(left.labels) == partition(np.where(labels == 1, NOISE, labels))
    assert not left.core[labels == 1].any()
