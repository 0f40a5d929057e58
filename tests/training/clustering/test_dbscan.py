from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, Metric
from tests.training.clustering.vectors import blobs, grid, partition
from training.clustering.dbscan import Grouped, by_embeddings
from training.clustering.neighbours import distinct


def core_clusters(vectors: Vectors, *, eps: float, min_samples: int, metric: Metric) -> NDArray[np.int32]:
    """The cluster of each core sample of plain DBSCAN, NOISE for all other embeddings: shape (n,)."""
    points = distinct(vectors, metric)
    found = by_embeddings(points, eps, min_samples, metric)
    return np.where(found.core, found.labels, NOISE)[points.which].astype(np.int32)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("least", [1, 2, 3, 5])
def test_core_clusters_are_scikit_learns_copies_included(metric: Metric, least: int) -> None:
    vectors = blobs(seed=least)
    eps = 0.0503 if metric == "cosine" else 1.503
    found = core_clusters(vectors, eps=eps, min_samples=least, metric=metric)
    expected = DBSCAN(eps=eps, min_samples=least, metric=metric).fit(vectors)
    core = np.zeros(len(vectors), dtype=np.bool_)
    core[expected.core_sample_indices_] = True
    assert ((found != NOISE) == core).all()
    assert partition(found) == partition(np.where(core, expected.labels_, NOISE).astype(np.int32))


@pytest.mark.parametrize("least", [1, 3, 4, 5, 6])
def test_neighbours_at_exactly_eps(least: int) -> None:
    found = core_clusters(grid(), eps=1, min_samples=least, metric="euclidean")
    expected = DBSCAN(eps=1, min_samples=least).fit(grid())
    assert np.flatnonzero(found != NOISE).tolist() == expected.core_sample_indices_.tolist()


def test_clusters_that_are_left_out_are_noise_and_the_others_numbered_on() -> None:
    grouped = Grouped(np.array([0, 1, NOISE, 2, 1], dtype=np.int32), np.array([True, True, False, True, False]))
    kept = grouped.only(np.array([False, True, True]))
    assert kept.labels.tolist() == [NOISE, 0, NOISE, 1, 0]
    assert kept.core.tolist() == [False, True, False, True, False]
