import numpy as np
import pytest

from shared.model.core_samples import NOISE, comparable
from training.clustering.centres import distances_to_centre

VECTORS = np.array([[1, 0], [1, 0.1], [1, 0.3], [0, 1], [5, 5]], dtype=np.float32)
CLUSTERS = np.array([0, 0, 0, 2, NOISE], dtype=np.int32)


def test_cosine_distances_to_the_mean_direction() -> None:
    points = comparable(VECTORS, "cosine")
    found = distances_to_centre(points, CLUSTERS, "cosine")
    mean = points[:3].mean(axis=0)
    assert found[:3] == pytest.approx(1 - points[:3] @ mean / np.linalg.norm(mean), abs=1e-6)
    assert found[:3].argmin() == 1
    assert found[3:].tolist() == [0, float("inf")]


def test_euclidean_distances_to_the_mean() -> None:
    found = distances_to_centre(VECTORS, CLUSTERS, "euclidean")
    assert found[:3] == pytest.approx([0.4 / 3, 0.1 / 3, 0.5 / 3])
    assert found[3:].tolist() == [0, float("inf")]
