"""Whether the parts of a bundle make sense, each by its range and against the others.

A digest shows that a file is the one that was written, not that what was written can be answered with. What passes here
gives every picture an answer of finite numbers. Functions raise ValueError; whoever read the file names it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from shared.model.core_samples import NOISE
from shared.model.parts import Arrays, Edits, Labels, Manifest

_FLOAT32 = np.finfo(np.float32)

# VGG16's embeddings are some 10 to 1000 long. Squares of what is within these bounds are ordinary float32 numbers.
_SHORTEST, _LONGEST = 1e-15, 1e15


def check_arrays(arrays: Arrays, manifest: Manifest) -> None:
    """Hold clusters.npz against itself and its manifest."""
    samples, clusters = manifest.counts.core_samples, manifest.counts.clusters
    expected: tuple[tuple[str, NDArray[np.generic], tuple[int, ...], str], ...] = (
        ("vectors", arrays.vectors, (samples, manifest.embedder.dimensions), "float32"),
        ("clusters", arrays.clusters, (samples,), "int32"),
        ("eps", arrays.eps, (clusters,), "float32"),
        ("reach", arrays.reach, (clusters,), "float32"),
        ("pictures", arrays.pictures, (samples,), "int32"),
    )
    for name, array, shape, dtype in expected:
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, not {dtype} of shape {shape}")
    if not _are_embeddings(arrays.vectors):
        raise ValueError("vectors holds values that are not finite, or embeddings of no length")
    if not np.array_equal(np.unique(arrays.clusters), np.arange(clusters)):
        raise ValueError(f"clusters does not give each of the clusters 0 to {clusters - 1} a core sample, and no other")
    if not ((arrays.eps >= _FLOAT32.tiny) & np.isfinite(arrays.eps)).all():
        raise ValueError("eps holds values that are not positive and finite")
    if not ((arrays.reach >= arrays.eps) & np.isfinite(arrays.reach)).all():
        raise ValueError("reach holds values that are not finite and at least eps")
    if samples and not 0 <= arrays.pictures.min() <= arrays.pictures.max() < manifest.counts.pictures:
        raise ValueError(f"pictures holds rows outside 0 to {manifest.counts.pictures - 1}")
    if len(np.unique(arrays.pictures)) != samples:
        raise ValueError("pictures holds a row twice")


def check_labels(labels: Labels, manifest: Manifest) -> None:
    """Hold labels.json against the manifest: everything in it is of clusters that there are."""
    trained = manifest.counts.clusters
    known = range(trained + len(labels.edits.eps))
    if sorted(labels.edits.eps) != list(known[trained:]):
        raise ValueError(f"edits.eps must number its clusters on from {trained}, the trained ones' count")
    named: tuple[tuple[str, Collection[int]], ...] = (
        ("labels", labels.labels),
        ("exemplars", labels.exemplars),
        ("not_groups", labels.not_groups),
        ("conflicts", labels.conflicts),
    )
    for field, clusters in named:
        if unknown := [cluster for cluster in clusters if cluster not in known]:
            raise ValueError(f"{field} has cluster {unknown[0]}, which is unknown: there are 0 to {len(known) - 1}")
    _check_edits(labels.edits, manifest, known)


def _check_edits(edits: Edits, manifest: Manifest, known: range) -> None:
    known_all = frozenset(known).issuperset
    for sample, cluster in edits.core.items():
        if not 0 <= sample < manifest.counts.core_samples or cluster not in (NOISE, *known):
            raise ValueError(f"edits.core sends core sample {sample} to cluster {cluster}; one of them is unknown")
    for excluded in edits.excluded:
        if not all(cluster in known for cluster in excluded.clusters):
            raise ValueError(f"edits.excluded has {excluded.picture} excluded from a cluster that is unknown")
    for placed in (*edits.placed, *edits.held):
        if placed.cluster not in (NOISE, *known):
            raise ValueError(f"edits places {placed.picture} in cluster {placed.cluster}, which is unknown")
    if not known_all(edits.decided) or not all(map(known_all, edits.apart)):
        raise ValueError("edits.decided or edits.apart has a cluster that is unknown")
    for entry in (*edits.excluded, *edits.placed, *edits.held):
        size = len(entry.vector) / np.float32().nbytes
        if size != manifest.embedder.dimensions or not _are_embeddings(entry.embedding()[None]):
            numbers = manifest.embedder.dimensions
            raise ValueError(f"edits: the vector of {entry.picture} is not an embedding of {numbers} numbers")


def _are_embeddings(vectors: NDArray[np.float32]) -> bool:
    """Whether all of them, (n, dimensions), have a direction, and distances that float32 can hold."""
    with np.errstate(over="ignore"):  # what overflows is infinite, and refused
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return bool(((lengths >= _SHORTEST) & (lengths <= _LONGEST)).all())
