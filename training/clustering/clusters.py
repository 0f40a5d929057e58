"""DBSCAN over embeddings, made deterministic and made to agree with serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, CoreSamples, Metric
from training.clustering.dbscan import core_clusters, nearest_core_samples
from training.engine import LOCAL, Engine

# scikit-learn lists every picture's neighbours. If one group holds them all, that takes 11 MB for so many, 0.3 GB for
# 5,000, and n² beyond; and from here on it is no faster than the blocks (0.08 and 0.09 s; 0.98 and 0.46 s for 5,000).
_ORDINARY = 1_000


@dataclass(frozen=True, slots=True)
class Clusters:
    """What DBSCAN found for n pictures; all arrays but eps have shape (n,)."""

    labels: NDArray[np.int32]
    """Cluster of each picture, numbered from 0 in order of their first core samples, or NOISE."""
    core: NDArray[np.bool_]
    distances: NDArray[np.float32]
    """To the nearest core sample; 0 for core samples; infinite where there is no core sample at all."""
    eps: NDArray[np.float32]
    """Shape (count,): the eps that each cluster was found with."""

    @property
    def count(self) -> int:
        return len(self.eps)

    def sizes(self) -> list[int]:
        """Pictures in each cluster, by id."""
        return np.bincount(self.labels[self.labels != NOISE], minlength=self.count).tolist()


def find_clusters(
    vectors: Vectors, *, eps: float, min_samples: int, metric: Metric, engine: Engine = LOCAL
) -> Clusters:
    """Run DBSCAN, then give every border point to its nearest core sample.

    DBSCAN leaves a border point with whichever cluster reaches it first (Ester et al., 1996, section 4.1), which
    depends on the order of the pictures. Serving takes the nearest core sample, so training does too.
    """
    labels = _core_clusters(vectors, eps, min_samples, metric, engine)
    core = labels != NOISE
    nearest = nearest_core_samples(CoreSamples(vectors[core], labels[core], metric), vectors[~core])
    labels[~core] = nearest.within(eps)
    distances = np.zeros(len(vectors), dtype=np.float32)
    distances[~core] = nearest.distances
    return Clusters(labels, core, distances, np.full(int(labels.max(initial=NOISE)) + 1, eps, dtype=np.float32))


def _core_clusters(vectors: Vectors, eps: float, min_samples: int, metric: Metric, engine: Engine) -> NDArray[np.int32]:
    """The cluster of each core sample, NOISE for all other pictures: shape (n,)."""
    if len(vectors) > _ORDINARY:
        return core_clusters(vectors, eps=eps, min_samples=min_samples, metric=metric, engine=engine)
    found = DBSCAN(eps=eps, min_samples=min_samples, metric=metric).fit(vectors)
    core = found.core_sample_indices_
    labels = np.full(len(vectors), NOISE, dtype=np.int32)
    labels[core] = found.labels_[core]
    return labels


def join(parts: Sequence[tuple[NDArray[np.intp], Clusters]], total: int) -> Clusters:
    """Clusters of disjoint sets of pictures as one, numbered on in order; each part comes with its pictures' rows."""
    labels = np.full(total, NOISE, dtype=np.int32)
    core = np.zeros(total, dtype=np.bool_)
    distances = np.full(total, np.inf, dtype=np.float32)
    start = 0
    for rows, part in parts:
        labels[rows] = np.where(part.labels == NOISE, NOISE, part.labels + start)
        core[rows], distances[rows] = part.core, part.distances
        start += part.count
    return Clusters(labels, core, distances, np.concatenate([part.eps for _, part in parts]))
