"""A model ready to answer: embedder, core samples and names, assembled from a bundle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.embedding.backends import BackendName
from shared.embedding.embedder import Embedder, Vectors, open_embedder
from shared.model.bundle import Arrays, Bundle, Labels
from shared.model.core_samples import NOISE, CoreSamples
from shared.model.exclusions import counterexamples, find_excluded


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one embedding belongs."""

    cluster: int
    """The cluster within eps, or NOISE (-1)."""
    distance: float
    """To the nearest core sample of the clusters that count; infinite where there is none to compare with.

    All count, but for those of other categories and those that a picture like this one was removed from.
    """
    confidence: float
    """1 on a core sample, 0 at eps and beyond."""
    names: tuple[str, ...]
    """The cluster's names; empty outside every cluster and where a cluster has none yet."""
    suggested: tuple[str, ...]
    """For a near miss (beyond eps, within the cluster's reach), the names of the nearest cluster; else empty."""
    suggested_confidence: float
    """Of the suggestion: near 1 just beyond eps, 0 at the reach and where there is none."""


class Model:
    """One version of a trained model. Immutable, safe to share between threads."""

    def __init__(self, bundle: Bundle, embedder: Embedder) -> None:
        self.manifest = bundle.manifest
        self.version = bundle.version
        self.labels = bundle.labels
        self.embedder = embedder
        clusters, self._eps, self._reach = apply_edits(bundle.arrays, bundle.labels)
        kept = clusters != NOISE
        self._trained = bundle.arrays.clusters[kept]
        self._core = CoreSamples(
            bundle.arrays.vectors[kept],
            clusters[kept],
            bundle.manifest.clustering.metric,
            counterexamples(bundle.labels.edits.excluded),
        )

    def assign(self, vectors: Vectors, category: str | None = None) -> list[Assignment]:
        """Assign embeddings of shape (n, dimensions) to the cluster of their nearest core sample, within its eps.

        With a category, only that category's clusters count, if the model was trained by category at all.
        """
        nearest = self._core.nearest(vectors, self._among(category))
        inside = nearest.within(self._eps[nearest.clusters])
        eps, reach = self._eps[nearest.clusters], self._reach[nearest.clusters]
        rows = zip(inside, nearest.clusters, nearest.distances, eps, reach, strict=True)
        return [self._assignment(int(row[0]), int(row[1]), *map(float, row[2:])) for row in rows]

    def _assignment(self, cluster: int, near: int, distance: float, eps: float, reach: float) -> Assignment:
        suggested = cluster == NOISE and distance <= reach and self.labels.labels.get(near, ())
        return Assignment(
            cluster=cluster,
            distance=distance,
            confidence=max(0.0, 1 - distance / eps),
            names=self.labels.labels.get(cluster, ()),
            suggested=suggested or (),
            suggested_confidence=(reach - distance) / (reach - eps) if suggested and reach > eps else 0.0,
        )

    def _among(self, category: str | None) -> NDArray[np.bool_] | None:
        if category is None or not self.manifest.categories:
            return None
        # By the clusters as trained: what a split made of one stays in its category.
        return np.isin(self._trained, self.manifest.categories.get(category, ()))


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
    for sample, taken in find_excluded(labels.edits.excluded, arrays.vectors).items():
        if clusters[sample] in taken.clusters:
            clusters[sample] = NOISE
    clusters[np.isin(clusters, labels.not_groups)] = NOISE
    made = _in_order(labels.edits.eps)
    return clusters, np.concatenate([arrays.eps, made]), np.concatenate([arrays.reach, made])


def _in_order(eps: dict[int, float]) -> NDArray[np.float32]:
    values: Iterable[float] = (eps[cluster] for cluster in sorted(eps))
    return np.fromiter(values, dtype=np.float32, count=len(eps))


def vector_list(vector: NDArray[np.float32]) -> list[float]:
    """An embedding as JSON numbers. Seven digits hold a float32 exactly enough to compare, at half the bytes."""
    return [float(f"{value:.7g}") for value in vector]
