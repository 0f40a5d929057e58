import numpy as np
import pytest

from shared.model.core_samples import CoreSamples
from tests.training.clustering.vectors import kinds
from training.clustering import clusters
from training.clustering.clusters import Parameters, find_groups
from training.clustering.dbscan import Grouped
from training.clustering.neighbours import distinct, nearest_neighbours
from training.clustering.thinning import thinned


def test_a_tenth_of_each_clusters_core_samples_is_kept_and_one_at_least() -> None:
    vectors, labels = kinds(200, 40, 4, stragglers=20)
    points = distinct(vectors, "cosine")
    grouped = Grouped(labels[points.rows], labels[points.rows] >= 0)
    kept = thinned(grouped, nearest_neighbours(points.vectors, "cosine", 30))
    assert np.bincount(kept.labels[kept.core]).tolist() == [20, 4, 1]
    assert (grouped.core >= kept.core).all()
    assert np.array_equal(kept.labels, grouped.labels)


def test_what_is_kept_is_near_everything() -> None:
    """Two dense spots of one cluster and one picture far out: none of them is without a core sample."""
    spots = np.repeat([0.0, 10.0], 50) + np.linspace(0, 1, 100)
    points = distinct(np.append(spots, 30).astype(np.float32)[:, None], "euclidean")
    grouped = Grouped(np.zeros(101, dtype=np.int32), np.ones(101, dtype=np.bool_))
    kept = thinned(grouped, nearest_neighbours(points.vectors, "euclidean", 20)).core
    where = points.vectors[kept].ravel()
    assert len(where) == 11
    assert 4 <= np.count_nonzero(where < 5) <= 7
    assert np.abs(points.vectors - where).min(axis=1)[points.vectors.ravel() < 20].max() < 0.3


def test_thinned_core_samples_answer_nearly_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = kinds(*[250] * 8, stragglers=200)
    trained, new = vectors[::2], vectors[1::2]
    answers = []
    for threshold in (10_000, 1_000):
        monkeypatch.setattr(clusters, "THINNED_FROM", threshold)
        found = find_groups(trained, Parameters()).clusters
        core = CoreSamples(trained[found.core], found.labels[found.core], "cosine")
        own, nearest = core.nearest(trained), core.nearest(new)
        assert own.within(found.radius[own.clusters]).tolist() == found.labels.tolist()
        answers.append((np.count_nonzero(found.core), nearest.within(found.radius[nearest.clusters]) >= 0))
    (all_of_them, exact), (few, thin) = answers
    assert few < 0.12 * all_of_them
    assert (exact == thin).mean() > 0.95
