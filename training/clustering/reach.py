"""How far beyond eps a group may still be suggested: until where pictures of other groups begin.

DBSCAN's eps is one number for all groups, and pictures just outside it are where labels are lost. Each group's reach is
calibrated on the training pictures: pictures of the other groups, held out from their own, say at what distance
strangers come near this one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import Vectors
from shared.model.core_samples import CoreSamples, Metric
from training.clustering.clusters import Clusters

# The share of strangers that a reach may let in. `python -m benchmarks.reach`, ten labelled sets with a fifth of the
# pictures of kinds never seen: strict labels have precision 0.65 and recall 0.69, with suggestions 0.63 and 0.74. On
# twelve earlier sets 0.10 gained a point of recall for a point of precision; one factor of 1.1 for all groups did no
# better than 0.05.
_STRANGERS = 0.05

# For a group that no other group's pictures come near: nothing to calibrate on, so that cautious factor.
_ALONE = 1.1


def find_reach(vectors: Vectors, clusters: Clusters, metric: Metric) -> NDArray[np.float32]:
    """The reach of each cluster, shape (clusters.count,), at least its eps. `vectors`: those that were clustered."""
    core = CoreSamples(vectors[clusters.core], clusters.labels[clusters.core], metric)
    strangers: list[list[float]] = [[] for _ in range(clusters.count)]
    for cluster in range(clusters.count):
        members = vectors[clusters.labels == cluster]
        nearest = core.nearest(members, core.clusters != cluster)
        for other in np.unique(nearest.clusters[nearest.clusters >= 0]):
            strangers[other].extend(nearest.distances[nearest.clusters == other].tolist())
    calibrated = [
        np.quantile(distances, _STRANGERS) if distances else eps * _ALONE
        for distances, eps in zip(strangers, clusters.eps, strict=True)
    ]
    return np.maximum(np.asarray(calibrated, dtype=np.float32), clusters.eps)
