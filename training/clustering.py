"""DBSCAN over embeddings, made deterministic and made to agree with serving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from shared.clusters import NOISE, CoreSamples, Metric
from shared.embedder import Vectors


@dataclass(frozen=True, slots=True)
class Clusters:
    """What DBSCAN found for n pictures; all arrays have shape (n,)."""

    labels: NDArray[np.int32]
    """Cluster of each picture, numbered from 0 in order of first appearance, or NOISE."""
    core: NDArray[np.bool_]
    distances: NDArray[np.float32]
    """To the nearest core sample; 0 for core samples; infinite where there is no core sample at all."""

    @property
    def count(self) -> int:
        return int(self.labels.max(initial=NOISE)) + 1

    def sizes(self) -> list[int]:
        """Pictures in each cluster, by id."""
        return np.bincount(self.labels[self.labels != NOISE], minlength=self.count).tolist()


def find_clusters(vectors: Vectors, *, eps: float, min_samples: int, metric: Metric) -> Clusters:
    """Run scikit-learn's DBSCAN, then give every border point to its nearest core sample.

    DBSCAN leaves a border point with whichever cluster reaches it first (Ester et al., 1996, section 4.1), which
    depends on the order of the pictures. Serving takes the nearest core sample, so training does too.
    """
    found = DBSCAN(eps=eps, min_samples=min_samples, metric=metric).fit(vectors)
    core = np.zeros(len(vectors), dtype=np.bool_)
    core[found.core_sample_indices_] = True
    ids = found.labels_.astype(np.int32)
    if not core.any():
        return Clusters(ids, core, np.full(len(vectors), np.inf, dtype=np.float32))
    nearest = CoreSamples(vectors[core], ids[core], metric).nearest(vectors)
    labels = np.where(core, ids, nearest.within(eps)).astype(np.int32)
    distances = np.where(core, np.float32(0), nearest.distances)
    return Clusters(labels, core, distances)
