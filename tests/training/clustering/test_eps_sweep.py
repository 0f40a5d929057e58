from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from shared.model.core_samples import NOISE, Metric
from training.clustering import eps_sweep
from training.clustering.clusters import find_clusters
from training.clustering.eps_sweep import Sweep, nearest_neighbours


def groups(*, seed: int, spread: float = 1.0) -> NDArray[np.float32]:
    """Two dozen groups of uneven size and density, some duplicates and stragglers: shape (about 300, 8)."""
    chance = np.random.default_rng(seed)
    parts = [
        chance.normal(chance.normal(0, 4, 8), spread * chance.uniform(0.3, 1.5), (chance.integers(2, 25), 8))
        for _ in range(24)
    ]
    parts += [chance.normal(0, 8, (20, 8)), parts[0][:5], parts[0][:5], parts[1][:1].repeat(4, axis=0)]
    return np.concatenate(parts).astype(np.float32)


def sweep_of(vectors: NDArray[np.float32], metric: Metric, min_samples: int) -> Sweep:
    return Sweep(nearest_neighbours(vectors, metric, min_samples), min_samples)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("min_samples", [1, 2, 3, 5, 12])
def test_finds_what_dbscan_finds(metric: Metric, min_samples: int) -> None:
    vectors = groups(seed=min_samples)
    sweep = sweep_of(vectors, metric, min_samples)
    events = sweep.events()
    # Between two events, where rounding decides nothing; the first of them is that of duplicates.
    apart = np.flatnonzero(np.diff(events) > 1e-4)
    for event in apart[np.linspace(0, len(apart) - 1, 25).astype(int)]:
        eps = float(events[event] + events[event + 1]) / 2
        expected = find_clusters(vectors, eps=eps, min_samples=min_samples, metric=metric)
        found = sweep.labels(eps)
        assert ((found == NOISE) == (expected.labels == NOISE)).all()
        assert adjusted_rand_score(expected.labels, found) == 1


def test_nothing_changes_between_events() -> None:
    sweep = sweep_of(groups(seed=1), "euclidean", 3)
    events = sweep.events()
    for low, high in itertools.pairwise(events):
        assert (sweep.labels(low) == sweep.labels(float(low) + 0.99 * float(high - low))).all()


def test_something_changes_at_every_merge() -> None:
    sweep = sweep_of(groups(seed=2), "euclidean", 1)
    counts = [len(np.unique(sweep.labels(eps))) for eps in sweep.events()]
    assert counts == sorted(set(counts), reverse=True)


def test_there_is_no_cluster_before_the_first_event_and_one_after_the_last() -> None:
    vectors = groups(seed=3)[:60]
    sweep = sweep_of(vectors, "euclidean", 3)
    events = sweep.events()
    assert (sweep.labels(np.nextafter(events[0], np.float32(-1))) == NOISE).all()
    assert len(np.unique(sweep.labels(events[-1]))) == 1


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_neighbours_are_sorted_and_leave_the_picture_itself_out(metric: Metric) -> None:
    vectors = groups(seed=4)
    neighbours = nearest_neighbours(vectors, metric, len(vectors))
    assert neighbours.indices.shape == (len(vectors), len(vectors) - 1)
    assert (np.diff(neighbours.distances, axis=1) >= 0).all()
    assert all(sorted({row, *others}) == list(range(len(vectors))) for row, others in enumerate(neighbours.indices))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_duplicates_are_at_distance_zero(metric: Metric) -> None:
    vector = np.random.default_rng(0).uniform(0, 100, 512).astype(np.float32)
    assert not nearest_neighbours(np.stack([vector] * 4), metric, 3).distances.any()


def test_shorter_neighbour_lists_find_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = groups(seed=5)
    complete = Sweep(nearest_neighbours(vectors, "euclidean", len(vectors)), 3)
    monkeypatch.setattr(eps_sweep, "_LISTED", 30)
    monkeypatch.setattr(eps_sweep, "_BLOCK", 7 * len(vectors))
    assert nearest_neighbours(vectors, "euclidean", 3).indices.shape == (len(vectors), 30)
    short = sweep_of(vectors, "euclidean", 3)
    for eps in complete.events()[:: len(vectors) // 20]:
        assert adjusted_rand_score(complete.labels(eps), short.labels(eps)) > 0.99


def test_groups_larger_than_the_neighbour_lists_still_merge() -> None:
    chance = np.random.default_rng(6)
    vectors = np.concatenate([chance.normal(20 * place, 1, (150, 8)) for place in range(6)]).astype(np.float32)
    sweep = sweep_of(vectors, "euclidean", 3)
    apart = [len(np.unique(sweep.labels(eps)[sweep.labels(eps) != NOISE])) for eps in (5, 30, 60)]
    assert apart == [6, 6, 1]
