"""A model ready to answer: embedder, core samples and names, assembled from a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.backends import BackendName
from shared.bundle import Bundle
from shared.clusters import NOISE, CoreSamples
from shared.embedder import Embedder, Vectors, open_embedder


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one embedding belongs."""

    cluster: int
    """The cluster within eps, or NOISE (-1)."""
    distance: float
    """To the nearest core sample, whichever cluster it is of."""
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
        self._core = CoreSamples(bundle.arrays.vectors, bundle.arrays.clusters, bundle.manifest.clustering.metric)
        self._reach = bundle.arrays.reach

    def assign(self, vectors: Vectors) -> list[Assignment]:
        """Assign embeddings of shape (n, dimensions) to the cluster of their nearest core sample, within eps."""
        nearest = self._core.nearest(vectors)
        clusters = nearest.within(self.manifest.clustering.eps)
        suggested = nearest.within(self._reach[nearest.clusters])
        return [
            self._assignment(int(cluster), float(distance), int(near))
            for cluster, distance, near in zip(clusters, nearest.distances, suggested, strict=True)
        ]

    def _assignment(self, cluster: int, distance: float, near: int) -> Assignment:
        inside = cluster != NOISE
        return Assignment(
            cluster=cluster,
            distance=distance,
            confidence=max(0.0, 1 - distance / self.manifest.clustering.eps),
            names=self.labels.labels.get(cluster, ()),
            suggested=() if inside else self.labels.labels.get(near, ()),
        )


def open_model(
    bundle: Bundle, graph: Path, *, backend: BackendName = "onnxruntime", threads: int | None = None
) -> Model:
    """Assemble a model. The caller has checked the graph's digest against the bundle's spec."""
    return Model(bundle, open_embedder(bundle.manifest.embedder, graph, backend=backend, threads=threads))


def vector_list(vector: NDArray[np.float32]) -> list[float]:
    """An embedding as JSON numbers. Seven digits hold a float32 exactly enough to compare, at half the bytes."""
    return [float(f"{value:.7g}") for value in vector]
