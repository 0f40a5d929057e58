from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.model.core_samples import Metric
from tests.training.clustering.vectors import blobs, kinds
from training.clustering import reciprocal
from training.clustering.neighbours import distinct, nearest_neighbours
from training.clustering.reciprocal import jaccard_distances, listed_distances


def straightforward(points: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """The paper's distances by its own words, dense, for unit vectors."""
    apart = np.maximum(0, 1 - points.astype(np.float64) @ points.T)
    np.fill_diagonal(apart, -1)
    order = apart.argsort(axis=1, kind="stable")  # a point is the first of its own nearest
    np.fill_diagonal(apart, 0)
    total = len(points)

    def mutual(point: int, count: int) -> set[int]:
        return {near for near in order[point, : count + 1].tolist() if point in order[near, : count + 1]}

    weights = np.zeros((total, total))
    for point in range(total):
        members = mutual(point, k)
        for near in list(members):
            closest = mutual(near, (k + 1) // 2)
            if len(closest & mutual(point, k)) > 2 / 3 * len(closest):
                members |= closest
        some = sorted(members)
        weights[point, some] = np.exp(-apart[point, some])
        weights[point] /= weights[point].sum()
    weights = np.stack([weights[order[point, : max(2, round(0.3 * k))]].mean(axis=0) for point in range(total)])
    shared = np.minimum(weights[:, None], weights).sum(axis=2)
    return 1 - shared / np.maximum(weights[:, None], weights).sum(axis=2)


@pytest.mark.parametrize("k", [1, 2, 5, 10, 20])
def test_they_are_the_papers(k: int) -> None:
    points = distinct(kinds(12, 9, 5, 5, spread=0.8, stragglers=6)[0], "cosine").vectors
    found = jaccard_distances(points, nearest_neighbours(points, "cosine", len(points)), k, "cosine").tocoo()
    expected = straightforward(points, k)
    assert found.data == pytest.approx(expected[found.row, found.col], abs=1e-6)
    expected[found.row, found.col] = 1
    np.fill_diagonal(expected, 1)
    assert expected.min() > 1 - 1e-9


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_they_are_symmetric_and_below_one(metric: Metric) -> None:
    points = distinct(blobs(seed=2), metric).vectors
    found = jaccard_distances(points, nearest_neighbours(points, metric, 30), 10, metric)
    assert (found != found.T).nnz == 0
    assert found.data.min() >= 0
    assert found.data.max() < 1
    assert not found.diagonal().any()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_made_in_blocks_of_rows_they_are_the_same_to_the_bit(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    points = distinct(blobs(seed=4), metric).vectors
    near = nearest_neighbours(points, metric, 30)
    whole = jaccard_distances(points, near, 10, metric)
    monkeypatch.setattr(reciprocal, "_ROWS", 37)
    blocks = jaccard_distances(points, near, 10, metric)
    for part in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(blocks, part), getattr(whole, part))


def test_the_scale_of_euclidean_distances_does_not_matter() -> None:
    points = distinct(blobs(seed=3), "euclidean").vectors
    near, far = (
        jaccard_distances(each, nearest_neighbours(each, "euclidean", 30), 10, "euclidean")
        for each in (points, points * 4096)
    )
    assert abs(near - far).max() < 1e-6


def test_listed_distances_are_the_metrics_own() -> None:
    points = distinct(kinds(5, 5)[0], "cosine").vectors
    found = listed_distances(points, nearest_neighbours(points, "cosine", 9), "cosine").toarray()
    expected = 1 - points @ points.T
    np.fill_diagonal(expected, 0)
    assert found == pytest.approx(expected, abs=1e-6)
