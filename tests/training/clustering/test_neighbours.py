import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from shared.model.core_samples import Metric
from tests.training.clustering.vectors import blobs, grid, kinds
from training.clustering.neighbours import centred, distinct, nearest_neighbours
from training.engine import open_engine


def test_copies_are_one_point() -> None:
    vectors = np.array([[3, 0], [0, 1], [3, 0], [-0.0, 1], [0, 2]], dtype=np.float32)
    points = distinct(vectors, "euclidean")
    assert len(points) == 3
    assert sorted(points.copies.tolist()) == [1, 2, 2]
    assert points.vectors[points.which].tolist() == vectors.tolist()
    assert vectors[points.rows].tolist() == points.vectors.tolist()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_they_are_the_nearest_in_order(metric: Metric) -> None:
    points = distinct(blobs(seed=1), metric).vectors
    found = nearest_neighbours(points, metric, 12)
    distances, _ = NearestNeighbors(n_neighbors=13, metric=metric).fit(points.astype(np.float64)).kneighbors()
    assert found.distances == pytest.approx(distances[:, :12], abs=1e-5)
    assert (found.indices != np.arange(len(points))[:, None]).all()


def test_fewer_points_than_are_asked_for_list_all_others() -> None:
    points = distinct(kinds(4)[0], "cosine").vectors
    found = nearest_neighbours(points, "cosine", 30)
    assert [sorted(row) for row in found.indices.tolist()] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_ties_go_to_the_first() -> None:
    points = distinct(grid(), "euclidean").vectors
    found = nearest_neighbours(points, "euclidean", 4)
    ties = np.diff(found.distances, axis=1) == 0
    assert ties.any()
    assert (np.diff(found.indices, axis=1)[ties] > 0).all()


def test_centred_points_are_told_apart_by_what_they_do_not_share() -> None:
    vectors = np.array([[9, 1, 0], [9, 0, 1], [9, 1, 0.1]], dtype=np.float32)
    plain = distinct(vectors, "cosine")
    seen = centred(plain)[plain.which]
    assert (plain.vectors @ plain.vectors.T).min() > 0.98
    assert seen[0] @ seen[1] < 0
    assert seen[0] @ seen[2] > 0


def test_beyond_the_exact_number_nearly_all_are_the_nearest() -> None:
    points = distinct(kinds(*[60] * 60, spread=0.8)[0], "cosine").vectors
    exact, found = nearest_neighbours(points, "cosine", 20), nearest_neighbours(points, "cosine", 20, exact=1_000)
    shared = [len({*one} & {*other}) / 20 for one, other in zip(exact.indices, found.indices, strict=True)]
    assert 0.95 < np.mean(shared) < 1
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert (found.indices != np.arange(len(points))[:, None]).all()


def test_beyond_the_exact_number_all_engines_find_the_same() -> None:
    points = distinct(kinds(*[30] * 40)[0], "cosine").vectors
    here = nearest_neighbours(points, "cosine", 10, exact=1_000)
    with open_engine("processes") as engine:
        there = nearest_neighbours(points, "cosine", 10, engine, exact=1_000)
    assert np.array_equal(here.indices, there.indices)
    assert np.array_equal(here.distances, there.distances)
