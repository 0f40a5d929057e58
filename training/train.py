"""A folder of pictures becomes a bundle: embed, choose eps, cluster, name, write."""

from __future__ import annotations

import csv
import io
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.bundle import (
    ASSIGNMENTS,
    CLUSTERS,
    Arrays,
    Bundle,
    Clustering,
    Counts,
    Manifest,
    arrays_bytes,
    model_version,
    sha256,
    write_bundle,
)
from shared.clusters import NOISE, Metric, comparable
from shared.embedder import EmbedderSpec, Pooling, Vectors
from shared.errors import UserError
from shared.images import Resize
from shared.vgg16 import WEIGHTS_SHA256
from training.clustering import Clusters, find_clusters
from training.embeddings import Embedded
from training.eps import choose_eps
from training.names import NamesByPicture, make_labels, names_by_exemplar
from training.weights import GRAPH_SHA256


class TrainingError(UserError):
    """These pictures and parameters give no model. The message says what to try."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. eps None means: choose it from the pictures."""

    name: str
    eps: float | None = None
    min_samples: int = 3
    metric: Metric = "cosine"
    pooling: Pooling = "avg"
    resize: Resize = "antialias"

    def spec(self) -> EmbedderSpec:
        return EmbedderSpec(
            weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256, pooling=self.pooling, resize=self.resize
        )


@dataclass(frozen=True, slots=True)
class Trained:
    bundle: Bundle
    embedded: Embedded
    clusters: Clusters
    eps_reason: str | None
    """Why eps was chosen; None where it was given."""


def train(embedded: Embedded, options: Options, folder: Path, given_names: NamesByPicture | None = None) -> Trained:
    """Cluster embedded pictures and write the bundle into `folder`.

    The same pictures, options and versions give the same arrays, ids and labels, whatever the order of the files.
    Raises TrainingError when no group is found, training.names.NamesError when a name can't be given.
    """
    eps, reason = _eps(embedded.vectors, options)
    clusters = find_clusters(embedded.vectors, eps=eps, min_samples=options.min_samples, metric=options.metric)
    if not clusters.count:
        raise TrainingError(
            f"no {options.min_samples} of the {len(embedded.names)} pictures are within eps {eps:.4g} of one another: "
            "try a larger --eps, a smaller --min-samples, or more pictures of each kind"
        )
    names = names_by_exemplar(given_names or {}, embedded.names, clusters.labels)
    centrality = _distances_to_centre(embedded.vectors, clusters, options.metric)
    labels = make_labels(names, embedded.names, clusters.labels, centrality)
    contents = {
        CLUSTERS: arrays_bytes(_arrays(embedded.vectors, clusters, eps)),
        ASSIGNMENTS: _assignments(embedded.names, clusters),
    }
    manifest = _manifest(options, eps, embedded, clusters, contents)
    return Trained(write_bundle(folder, manifest, contents, labels), embedded, clusters, reason)


def _eps(vectors: Vectors, options: Options) -> tuple[float, str | None]:
    if options.eps is not None:
        return options.eps, None
    choice = choose_eps(vectors, min_samples=options.min_samples, metric=options.metric)
    return choice.eps, choice.reason


def _arrays(vectors: Vectors, clusters: Clusters, eps: float) -> Arrays:
    return Arrays(
        vectors=vectors[clusters.core],
        clusters=clusters.labels[clusters.core],
        eps=np.full(clusters.count, eps, dtype=np.float32),
        reach=np.full(clusters.count, eps, dtype=np.float32),
        pictures=np.flatnonzero(clusters.core).astype(np.int32),
    )


def _assignments(names: Sequence[str], clusters: Clusters) -> bytes:
    """assignments.csv: which cluster every training picture is in, and how far from its nearest core sample."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("picture", "cluster", "distance", "core"))
    for name, cluster, distance, core in zip(names, clusters.labels, clusters.distances, clusters.core, strict=True):
        table.writerow((name, int(cluster), f"{distance:.6f}", "yes" if core else "no"))
    return text.getvalue().encode()


def _manifest(
    options: Options, eps: float, embedded: Embedded, clusters: Clusters, contents: dict[str, bytes]
) -> Manifest:
    spec = options.spec()
    clustering = Clustering(
        metric=options.metric,
        eps=eps,
        min_samples=options.min_samples,
        eps_chosen="auto" if options.eps is None else "given",
    )
    clustered = int((clusters.labels != NOISE).sum())
    return Manifest(
        name=options.name,
        version=model_version(spec, clustering, contents[CLUSTERS]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedder=spec,
        clustering=clustering,
        counts=Counts(
            pictures=len(embedded.names),
            clustered=clustered,
            unclustered=len(embedded.names) - clustered,
            skipped=len(embedded.skipped),
            clusters=clusters.count,
            core_samples=int(clusters.core.sum()),
        ),
        files={name: sha256(content) for name, content in contents.items()},
        made_with={
            "python": platform.python_version(),
            "machine": platform.machine(),
            **{package: version(package) for package in ("numpy", "onnxruntime", "pillow", "scikit-learn")},
        },
    )


def _distances_to_centre(vectors: Vectors, clusters: Clusters, metric: Metric) -> NDArray[np.float32]:
    """Squared distance of each picture to the mean of its cluster, shape (n,); infinite for NOISE."""
    points = comparable(vectors, metric)
    distances = np.full(len(points), np.inf, dtype=np.float32)
    for cluster in range(clusters.count):
        members = clusters.labels == cluster
        distances[members] = np.square(points[members] - points[members].mean(axis=0)).sum(axis=1)
    return distances
