"""A model ready to answer: embedder, core samples and names, assembled from a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.embedding.backends import BackendName
from shared.embedding.embedder import Embedder, Vectors, open_embedder
from shared.model.assigner import Assigner
from shared.model.bundle import Bundle
from shared.model.core_samples import NOISE
from shared.model.drift import comparable_groups


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one embedding belongs."""

    cluster: int
    """The cluster within whose radius it is, or NOISE (-1)."""
    distance: float
    """To the nearest core sample of the clusters that count; infinite where there is none to compare with.

    All count, but for those of other categories and those that a picture like this one was removed from.
    """
    confidence: float
    """1 on a core sample, 0 at the radius and beyond."""
    names: tuple[str, ...]
    """The cluster's names; empty outside every cluster and where a cluster has none yet."""
    suggested: tuple[str, ...]
    """For a near miss (beyond the radius, within the cluster's reach), the names of the nearest cluster; else empty."""
    suggested_confidence: float
    """Of the suggestion: near 1 just beyond the radius, 0 at the reach and where there is none."""


class Model:
    """One version of a trained model. Immutable, safe to share between threads."""

    def __init__(self, bundle: Bundle, embedder: Embedder) -> None:
        self.manifest = bundle.manifest
        self.version = bundle.version
        self.labels = bundle.labels
        self.embedder = embedder
        manifest = bundle.manifest
        self.trained = comparable_groups(manifest.members, bundle.arrays, bundle.labels)
        """Pictures that training put into each group that is still as training left it."""
        self._assigner = Assigner(bundle.arrays, bundle.labels, manifest.clustering.metric, manifest.categories)

    def assign(self, vectors: Vectors, category: str | None = None) -> list[Assignment]:
        """Assign embeddings of shape (n, dimensions) to clusters, as shared.model.assigner.Assigner does.

        With a category, only that category's clusters count, if the model was trained by category at all.
        """
        found = self._assigner.assign(vectors, category)
        radius, reach = self._assigner.radius[found.near], self._assigner.reach[found.near]
        rows = zip(found.clusters, found.near, found.distances, radius, reach, strict=True)
        return [self._assignment(int(row[0]), int(row[1]), *map(float, row[2:])) for row in rows]

    def _assignment(self, cluster: int, near: int, distance: float, radius: float, reach: float) -> Assignment:
        suggested = cluster == NOISE and distance <= reach and self.labels.labels.get(near, ())
        return Assignment(
            cluster=cluster,
            distance=distance,
            confidence=0.0 if cluster == NOISE else max(0.0, 1 - distance / radius),
            names=self.labels.labels.get(cluster, ()),
            suggested=suggested or (),
            suggested_confidence=(reach - distance) / (reach - radius) if suggested and reach > radius else 0.0,
        )


def open_model(
    bundle: Bundle, graph: Path, *, backend: BackendName = "onnxruntime", threads: int | None = None
) -> Model:
    """Assemble a model. The caller has checked the graph's digest against the bundle's spec."""
    return Model(bundle, open_embedder(bundle.manifest.embedder, graph, backend=backend, threads=threads))


def vector_list(vector: NDArray[np.float32]) -> list[float]:
    """An embedding as JSON numbers. Seven digits hold a float32 exactly enough to compare, at half the bytes."""
    return [float(f"{value:.7g}") for value in vector]
