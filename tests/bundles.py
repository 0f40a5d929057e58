"""Small bundles made on the spot, for tests that need a model but not a trained one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.digests import sha256
from shared.embedding.embedder import EmbedderSpec
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.model.bundle import (
    ASSIGNMENTS,
    CLUSTERS,
    Arrays,
    Bundle,
    Clustering,
    Labels,
    Manifest,
    arrays_bytes,
    model_version,
    write_bundle,
)
from shared.model.parts import Counts
from shared.stores.graphs import graph_path
from training.network.weights import GRAPH_SHA256

SPEC = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256)


def make_bundle(
    folder: Path,
    vectors: NDArray[np.float32],
    clusters: Sequence[int],
    labels: Labels | None = None,
    *,
    eps: float | Sequence[float] = 0.1,
    reach: Sequence[float] | None = None,
    categories: Mapping[str, tuple[int, ...]] | None = None,
    spec: EmbedderSpec = SPEC,
) -> Bundle:
    """Write a bundle whose core samples are these vectors (m, dimensions), in these clusters (m)."""
    count = max(clusters) + 1
    each_eps = np.broadcast_to(np.asarray(eps, dtype=np.float32), count)
    arrays = Arrays(
        vectors=vectors.astype(np.float32),
        clusters=np.asarray(clusters, dtype=np.int32),
        eps=each_eps.copy(),
        reach=each_eps.copy() if reach is None else np.asarray(reach, dtype=np.float32),
        pictures=np.arange(len(clusters), dtype=np.int32),
    )
    rows = "".join(f"picture{row}.jpg,{cluster},0.000000,yes\n" for row, cluster in enumerate(clusters))
    contents = {CLUSTERS: arrays_bytes(arrays), ASSIGNMENTS: f"picture,cluster,distance,core\n{rows}".encode()}
    clustering = Clustering(metric="cosine", eps=float(each_eps.max()), min_samples=1, eps_chosen="given")
    total = len(clusters)
    manifest = Manifest(
        name=folder.name,
        version=model_version(spec, clustering, contents[CLUSTERS]),
        created="2026-01-01T00:00:00+00:00",
        embedder=spec,
        clustering=clustering,
        categories=dict(categories or {}),
        counts=Counts(
            pictures=total, clustered=total, unclustered=0, skipped=0, clusters=count, core_samples=len(clusters)
        ),
        members=Counter(clusters),
        files={name: sha256(content) for name, content in contents.items()},
    )
    return write_bundle(folder, manifest, contents, labels or Labels())


def link_graph(graph: Path, root: Path) -> None:
    """Give a folder of models the serving graph, without copying its 59 MB."""
    path = graph_path(root, GRAPH_SHA256)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(graph, path)
