import numpy as np
import pytest

from shared.embedding.embedder import Vectors
from tests.training.clustering.vectors import kinds
from training.clustering.dbscan import by_embeddings
from training.clustering.neighbours import distinct, nearest_neighbours
from training.clustering.radius import Closeness, measure_closeness


def line(*positions: float) -> Vectors:
    return np.array(positions, dtype=np.float32)[:, None]


def closeness(vectors: Vectors, eps: float, min_samples: int) -> Closeness:
    points = distinct(vectors, "euclidean")
    near = nearest_neighbours(points.vectors, "euclidean", 10)
    return measure_closeness(points, near, by_embeddings(points, eps, min_samples, "euclidean"), "euclidean")


def test_own_pictures_are_left_out_in_turn_and_all_others_are_strangers() -> None:
    """Groups around 0 and 10, and a picture of none."""
    found = closeness(line(0, 1, 2, 10, 11, 13, 30), eps=2.5, min_samples=2)
    by_size = sorted(zip(found.own, found.strangers, strict=True), key=lambda both: both[0].max())
    assert [sorted(own.tolist()) for own, _ in by_size] == [[1, 1, 1], [1, 1, 2]]
    assert [sorted(others.tolist()) for _, others in by_size] == [[8, 9, 11, 28], [8, 9, 10, 17]]


def test_a_radius_lies_between_a_groups_own_pictures_and_strangers() -> None:
    tight = Closeness((np.linspace(0.1, 0.2, 11, dtype=np.float32),), (np.linspace(0.5, 0.9, 101, dtype=np.float32),))
    assert 0.18 < tight.radius()[0] < 0.5
    assert tight.reach(tight.radius())[0] == pytest.approx(0.52)


def test_reach_is_never_below_the_radius() -> None:
    mixed = Closeness((np.full(5, 0.4, dtype=np.float32),), (np.full(20, 0.3, dtype=np.float32),))
    radius = mixed.radius()
    assert mixed.reach(radius).tolist() == radius.tolist()


def test_a_group_without_strangers_goes_by_its_own_pictures() -> None:
    found = closeness(line(0, 1, 2, 3), eps=1.5, min_samples=2)
    assert found.radius().tolist() == [1]
    assert found.reach(found.radius()).tolist() == [pytest.approx(1.1)]


def test_copies_are_near_themselves() -> None:
    found = closeness(line(0, 0, 0, 7, 7, 7), eps=0.5, min_samples=3)
    assert found.typical.tolist() == [0, 0]
    assert (found.radius() > 0).all()


def test_unlike_pictures_are_typically_far_from_one_another() -> None:
    vectors, labels = kinds(12, 12, spread=0.2)
    vectors[labels == 1] = kinds(*[1] * 12)[0]
    points = distinct(vectors, "cosine")
    grouped = by_embeddings(points, 1, 3, "cosine")
    grouped.labels[:] = labels[points.rows]
    found = measure_closeness(points, nearest_neighbours(points.vectors, "cosine", 23), grouped, "cosine")
    assert found.typical[0] < 0.1
    assert found.typical[1] > 0.25
