"""scikit-learn's DBSCAN over points that may be several pictures each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array
from sklearn.cluster import DBSCAN

from shared.model.core_samples import NOISE, Metric
from training.clustering.neighbours import Points


@dataclass(frozen=True, slots=True)
class Grouped:
    """What DBSCAN found among n points; both arrays have shape (n,)."""

    labels: NDArray[np.int32]
    """Cluster of each point, numbered from 0, or NOISE. Border points are with whichever cluster reached them."""
    core: NDArray[np.bool_]

    @property
    def count(self) -> int:
        return int(self.labels.max(initial=NOISE)) + 1

    def only(self, kept: NDArray[np.bool_]) -> Grouped:
        """Without some of the clusters, `kept` of shape (count,); the others are numbered on."""
        labels = numbers_of(kept)[self.labels]
        return Grouped(labels, self.core & (labels != NOISE))


def numbers_of(kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The new number of each cluster when some are left out, shape (count + 1,): NOISE for those, and for NOISE."""
    return np.append(np.where(kept, kept.cumsum() - 1, NOISE), NOISE).astype(np.int32)


def within(distances: csr_array, eps: float) -> csr_array:
    """Which points are within eps of each other, of distances as reciprocal.jaccard_distances returns them.

    Zeros are stored for them, the diagonal included: scikit-learn copies and sorts rows that are not in order.
    """
    near = (distances.data <= eps).astype(np.float32)
    graph = csr_array((near, distances.indices, distances.indptr), shape=distances.shape, copy=True)
    graph.eliminate_zeros()
    graph = csr_array(graph + eye_array(len(distances.indptr) - 1, format="csr").astype(np.float32))
    graph.data[:] = 0
    return graph


def by_graph(points: Points, graph: csr_array, min_samples: int) -> Grouped:
    """Over points that are within eps of each other, as `within` returns them."""
    return _grouped(DBSCAN(min_samples=min_samples, metric="precomputed"), graph, points)


def by_embeddings(points: Points, eps: float, min_samples: int, metric: Metric) -> Grouped:
    """Over the points themselves: plain DBSCAN, as the original sample runs it."""
    return _grouped(DBSCAN(eps=eps, min_samples=min_samples, metric=metric), points.vectors, points)


def _grouped(dbscan: DBSCAN, given: NDArray[np.float32] | csr_array, points: Points) -> Grouped:
    found = dbscan.fit(given, sample_weight=points.copies)
    core = np.zeros(len(points), dtype=np.bool_)
    core[found.core_sample_indices_] = True
    return Grouped(found.labels_.astype(np.int32), core)
