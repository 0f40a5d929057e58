import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, Metric, comparable
from tests.training.clustering.points import METRICS, min_samples, pick_eps, points, seeds, shares, sizes
from training.clustering import clusters as clustering
from training.clustering import dbscan
from training.clustering.blocks import Points, Rule, link
from training.clustering.clusters import find_clusters
from training.clustering.dbscan import Joined, core_clusters

block_sizes = st.integers(5, 40)


def scikit_learns(vectors: Vectors, *, eps: float, least: int, metric: Metric) -> NDArray[np.int32]:
    """Its clusters of core samples, NOISE elsewhere, of the numbers as they are: in float64."""
    found = DBSCAN(eps=eps, min_samples=least, metric=metric).fit(vectors.astype(np.float64))
    labels = np.full(len(vectors), NOISE, dtype=np.int32)
    labels[found.core_sample_indices_] = found.labels_[found.core_sample_indices_]
    return labels


def in_blocks(
    size: int, vectors: Vectors, *, eps: float, least: int, metric: Metric = "euclidean"
) -> NDArray[np.int32]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbscan, "_BLOCK", size)
        return core_clusters(vectors, eps=eps, min_samples=least, metric=metric)


def part(vectors: Vectors, place: slice, rule: Rule) -> Points:
    some = vectors[place]
    component = np.arange(len(vectors), dtype=np.int32)[place]
    return Points(place.start, some, rule.halves(some).astype(np.float32), component)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares, size=block_sizes)
@settings(max_examples=100, deadline=None)
def test_core_samples_and_their_clusters_are_scikit_learns(
    metric: Metric, seed: int, count: int, least: int, share: float, size: int
) -> None:
    vectors = points(seed, count)
    eps = pick_eps(vectors, metric, share)
    found = in_blocks(size, vectors, eps=eps, least=least, metric=metric)
    assert found.tolist() == scikit_learns(vectors, eps=eps, least=least, metric=metric).tolist()


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, count=sizes, least=min_samples, share=shares, size=block_sizes)
@settings(max_examples=50, deadline=None)
def test_nobody_sees_which_of_the_two_found_the_clusters(
    metric: Metric, seed: int, count: int, least: int, share: float, size: int
) -> None:
    vectors = points(seed, count)
    eps = pick_eps(vectors, metric, share)
    ordinary = find_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clustering, "_ORDINARY", 0)
        patch.setattr(dbscan, "_BLOCK", size)
        many = find_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    for name in ("labels", "core", "distances", "eps"):
        assert np.array_equal(getattr(ordinary, name), getattr(many, name)), name


@given(seed=seeds, least=min_samples, share=shares, size=block_sizes)
@settings(max_examples=50, deadline=None)
def test_blocks_may_come_in_any_order_and_know_nothing_of_each_other(
    seed: int, least: int, share: float, size: int
) -> None:
    vectors = points(seed, 60)
    rule = Rule(pick_eps(vectors, "euclidean", share), least, "euclidean")
    parts = [part(vectors, slice(start, start + size), rule) for start in range(0, 60, size)]
    blocks = [link(*pair, rule) for pair in itertools.combinations_with_replacement(parts, 2)]
    joined = Joined(60, rule)
    joined.add(blocks[number] for number in np.random.default_rng(seed).permutation(len(blocks)))
    assert (
        joined.clusters().tolist()
        == core_clusters(vectors, eps=rule.eps, min_samples=least, metric="euclidean").tolist()
    )


def test_a_block_says_little_however_many_pairs_it_finds() -> None:
    rule = Rule(0.5, 5, "cosine")
    vectors = comparable(np.random.default_rng(0).normal(1, 0.1, (400, 8)).astype(np.float32), "cosine")
    rows, columns = part(vectors, slice(0, 200), rule), part(vectors, slice(200, 400), rule)
    block = link(rows, columns, rule)
    assert block.row_counts.tolist() == block.column_counts.tolist() == [200] * 200
    assert block.links.shape == (2, 399)
    rows.component[:] = columns.component[:] = 7
    assert link(rows, columns, rule).links.shape == (2, 0)


@pytest.mark.parametrize("size", [9, 1000])
@pytest.mark.parametrize("least", [1, 3, 4, 5, 6])
def test_neighbours_at_exactly_eps(size: int, least: int) -> None:
    """On a grid with holes; each point has up to four neighbours, all at exactly 1."""
    grid = np.stack(np.meshgrid(np.arange(14), np.arange(14)), axis=-1).reshape(-1, 2).astype(np.float32)
    vectors = grid[np.random.default_rng(3).random(len(grid)) < 0.8]
    found = in_blocks(size, vectors, eps=1, least=least)
    assert found.tolist() == scikit_learns(vectors, eps=1, least=least, metric="euclidean").tolist()


@given(seed=seeds, least=min_samples, share=shares, size=block_sizes)
@settings(max_examples=30, deadline=None)
def test_products_too_coarse_in_float32_are_worked_out_exactly(seed: int, least: int, share: float, size: int) -> None:
    """Far from the origin, float32 products are wrong by more than eps."""
    vectors = points(seed, 60) + np.float32(1000)
    eps = pick_eps(vectors, "euclidean", share)
    found = in_blocks(size, vectors, eps=eps, least=least)
    assert found.tolist() == scikit_learns(vectors, eps=eps, least=least, metric="euclidean").tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_copies_and_zeros(metric: Metric) -> None:
    copies = np.repeat(np.array([[1, 2], [1, 2.5], [0, 0]], dtype=np.float32), 4, axis=0)
    found = in_blocks(5, copies, eps=0.001, least=4, metric=metric)
    assert found.tolist() == scikit_learns(copies, eps=0.001, least=4, metric=metric).tolist()
    assert found[:8].tolist() == [0] * 4 + [1] * 4


def test_memory_stays_small_where_one_group_holds_half() -> None:
    rng = np.random.default_rng(0)
    count = 12_000
    vectors = rng.normal(size=(count, 8)).astype(np.float32)
    vectors[rng.permutation(count)[: count // 2]] *= 0.001
    vectors += np.array([3, *[0] * 7], dtype=np.float32)
    tracemalloc.start()
    try:
        found = find_clusters(vectors, eps=0.02, min_samples=5, metric="euclidean")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.count == 1
    assert found.core.sum() == count // 2
    # Its neighbours alone, 8 bytes each, would take 288 MB; the distances from all others to it 144 MB.
    assert peak < 80e6
