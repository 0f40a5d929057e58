from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import adjusted_rand_score

from shared.model.core_samples import NOISE
from tests.training.clustering.vectors import blobs
from training.clustering import sweep as sweeps
from training.clustering.dbscan import by_graph, within
from training.clustering.neighbours import Points, distinct, nearest_neighbours
from training.clustering.reciprocal import jaccard_distances, listed_distances
from training.clustering.sweep import Sweep


def distances(points: Points, neighbours: int) -> csr_array:
    """Of shared neighbours; for 0 between the points themselves, all of them."""
    near = nearest_neighbours(points.vectors, "euclidean", 30 if neighbours else len(points))
    if neighbours:
        return jaccard_distances(points.vectors, near, neighbours, "euclidean")
    return listed_distances(points.vectors, near, "euclidean")


@pytest.mark.parametrize("neighbours", [0, 8])
@pytest.mark.parametrize("min_samples", [1, 2, 3, 5, 12])
def test_finds_what_dbscan_finds(neighbours: int, min_samples: int) -> None:
    points = distinct(blobs(seed=min_samples), "euclidean")
    graph = distances(points, neighbours)
    sweep = Sweep(graph, points.copies, min_samples)
    events = sweep.events()
    for eps in events[events > 0][:: max(1, len(events) // 25)]:
        expected = by_graph(points, within(graph, eps), min_samples)
        found = sweep.labels(eps)
        assert ((found == NOISE) == (expected.labels == NOISE)).all()
        assert adjusted_rand_score(expected.labels[expected.core], found[expected.core]) == 1


def test_swept_in_blocks_of_rows_it_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    points = distinct(blobs(seed=6), "euclidean")
    graph = distances(points, 8)
    whole = Sweep(graph, points.copies, 4)
    monkeypatch.setattr(sweeps, "_ROWS", 37)
    blocks = Sweep(graph, points.copies, 4)
    assert np.array_equal(blocks.events(), whole.events())
    for (_, expected), (_, found) in zip(whole.walk(100), blocks.walk(100), strict=True):
        assert np.array_equal(found, expected)


def test_nothing_changes_between_events() -> None:
    points = distinct(blobs(seed=1), "euclidean")
    sweep = Sweep(distances(points, 0), points.copies, 3)
    for low, high in itertools.pairwise(sweep.events()):
        assert (sweep.labels(low) == sweep.labels(low + 0.99 * (high - low))).all()


def test_something_changes_at_every_merge() -> None:
    points = distinct(blobs(seed=2), "euclidean")
    sweep = Sweep(distances(points, 0), points.copies, 1)
    counts = [len(np.unique(sweep.labels(eps))) for eps in sweep.events()]
    assert counts == sorted(set(counts), reverse=True)


def test_there_is_no_cluster_before_the_first_event_and_one_after_the_last() -> None:
    points = distinct(np.random.default_rng(3).normal(size=(60, 4)).astype(np.float32), "euclidean")
    sweep = Sweep(distances(points, 0), points.copies, 3)
    events = sweep.events()
    assert (sweep.labels(np.nextafter(events[0], -1)) == NOISE).all()
    assert len(np.unique(sweep.labels(events[-1]))) == 1


def test_copies_count_as_pictures() -> None:
    points = distinct(np.array([[0], [0], [0], [1], [5], [5]], dtype=np.float32), "euclidean")
    sweep = Sweep(distances(points, 0), points.copies, 3)
    clusters = [sweep.labels(eps)[points.which].tolist() for eps in (0, 1, 5)]
    assert [[label != NOISE for label in found] for found in clusters] == [
        [True] * 3 + [False] * 3,
        [True] * 4 + [False] * 2,
        [True] * 6,
    ]
