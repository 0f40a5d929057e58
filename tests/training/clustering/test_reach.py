import numpy as np
import pytest

from training.clustering.clusters import find_clusters
from training.clustering.reach import find_reach


def line(*positions: float) -> np.ndarray:
    return np.array(positions, dtype=np.float32)[:, None]


def test_reach_ends_where_strangers_begin() -> None:
    """Groups around 0, 10 and 100; the second is the nearest stranger to both others."""
    vectors = line(0, 1, 2, 10, 11, 12, 100, 101, 102)
    clusters = find_clusters(vectors, eps=1.5, min_samples=2, metric="euclidean")
    first, second, third = find_reach(vectors, clusters, "euclidean")
    assert first == pytest.approx(np.quantile([8, 9, 10], 0.05))
    assert second == pytest.approx(np.quantile([8, 9, 10, 88, 89, 90], 0.05))
    assert third == pytest.approx(1.5 * 1.1)  # nobody's pictures are nearest to it


def test_a_single_group_reaches_a_little_beyond_eps() -> None:
    vectors = line(0, 1, 2)
    clusters = find_clusters(vectors, eps=1.5, min_samples=2, metric="euclidean")
    assert find_reach(vectors, clusters, "euclidean").tolist() == [pytest.approx(1.65)]


def test_reach_is_never_below_eps() -> None:
    """Border points of two groups that nearly touch are strangers within eps."""
    vectors = line(0, 1, 2, 3, 4.4, 5.4, 6.4, 7.4)
    clusters = find_clusters(vectors, eps=1.1, min_samples=3, metric="euclidean")
    assert clusters.count == 2
    assert (find_reach(vectors, clusters, "euclidean") >= clusters.eps).all()
