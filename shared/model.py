"""A model ready to answer: embedder, core samples and names, assembled from a bundle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.backends import BackendName
from shared.bundle import Arrays, Bundle, Labels
from shared.clusters import NOISE, CoreSamples
from shared.embedder import Embedder, Vectors, open_embedder


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one embedding belongs."""

    cluster: int
    """The cluster within eps, or NOISE (-1)."""
    distance: float
    """To the nearest core sample, whichever cluster it is of; infinite where there is none to compare with."""
    confidence: float
    """1 on a core sample, 0 at eps and beyond."""
    names: tuple[str, ...]
    """The cluster's names; empty outside every cluster and where a cluster has none yet."""
    suggested: tuple[str, ...]
    """For a near miss, the names of the nearest cluster; else empty."""


class Model:
    """One version of a trained model. Immutable, safe to share between threads."""

    def __init__(self, bundle: Bundle, embedder: Embedder) -> None:
        self.manifest = bundle.manifest
        self.version = bundle.version
        self.labels = bundle.labels
        self.embedder = embedder
        clusters, self._eps, self._reach = apply_edits(bundle.arrays, bundle.labels)
        kept = clusters != NOISE
        self._core = CoreSamples(bundle.arrays.vectors[kept], clusters[kept], bundle.manifest.clustering.metric)

    def assign(self, vectors: Vectors, category: str | None = None) -> list[Assignment]:
        """Assign embeddings of shape (n, dimensions) to the cluster of their nearest core sample, within its eps.

        With a category, only that category's clusters count, if the model was trained by category at all.
        """
        nearest = self._core.nearest(vectors, self._among(category))
        inside = nearest.within(self._eps[nearest.clusters])
        near = nearest.within(self._reach[nearest.clusters])
        limits = self._eps[nearest.clusters]
        return [
            self._assignment(int(cluster), int(suggested), float(distance), float(distance / eps))
            for cluster, suggested, distance, eps in zip(inside, near, nearest.distances, limits, strict=True)
        ]

    def _assignment(self, cluster: int, near: int, distance: float, share_of_eps: float) -> Assignment:
        return Assignment(
            cluster=cluster,
            distance=distance,
            confidence=max(0.0, 1 - share_of_eps),
            names=self.labels.labels.get(cluster, ()),
            suggested=self.labels.labels.get(near, ()) if cluster == NOISE else (),
        )

    def _among(self, category: str | None) -> NDArray[np.bool_] | None:
        if category is None or not self.manifest.categories:
            return None
        return np.isin(self._core.clusters, self.manifest.categories.get(category, ()))


def open_model(
    bundle: Bundle, graph: Path, *, backend: BackendName = "onnxruntime", threads: int | None = None
) -> Model:
    """Assemble a model. The caller has checked the graph's digest against the bundle's spec."""
    return Model(bundle, open_embedder(bundle.manifest.embedder, graph, backend=backend, threads=threads))


def apply_edits(arrays: Arrays, labels: Labels) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """The clusters as a person left them: cluster of each core sample (NOISE where it no longer counts), eps, reach.

    A cluster made by a split suggests nothing beyond its eps: its reach was never calibrated.
    """
    clusters = arrays.clusters.copy()
    for sample, cluster in labels.edits.core.items():
        clusters[sample] = cluster
    clusters[np.isin(clusters, labels.not_groups)] = NOISE
    made = _in_order(labels.edits.eps)
    return clusters, np.concatenate([arrays.eps, made]), np.concatenate([arrays.reach, made])


def _in_order(eps: dict[int, float]) -> NDArray[np.float32]:
    values: Iterable[float] = (eps[cluster] for cluster in sorted(eps))
    return np.fromiter(values, dtype=np.float32, count=len(eps))


def vector_list(vector: NDArray[np.float32]) -> list[float]:
    """An embedding as JSON numbers. Seven digits hold a float32 exactly enough to compare, at half the bytes."""
    return [float(f"{value:.7g}") for value in vector]
