"""How central each picture is in its cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.model.core_samples import NOISE, Metric, comparable, distance


def distances_to_centre(
    points: NDArray[np.float32], clusters: NDArray[np.int32], metric: Metric
) -> NDArray[np.float32]:
    """Distance of each picture to the mean of its cluster, shape (n,), in the metric's units; infinite for NOISE.

    `points` of shape (n, dimensions) are comparable vectors, `clusters` of shape (n,) their clusters.
    """
    distances = np.full(len(points), np.inf, dtype=np.float32)
    for cluster in np.unique(clusters[clusters != NOISE]).tolist():
        members = clusters == cluster
        centre = comparable(points[members].mean(axis=0, keepdims=True), metric)
        distances[members] = distance(points[members], centre, metric)
    return distances
