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
    samples, ids = manifest.counts.core_samples, manifest.ids
    expected: tuple[tuple[str, NDArray[np.generic], tuple[int, ...], str], ...] = (
        ("vectors", arrays.vectors, (samples, manifest.embedder.dimensions), "float32"),
        ("clusters", arrays.clusters, (samples,), "int32"),
        ("eps", arrays.eps, (ids,), "float32"),
        ("reach", arrays.reach, (ids,), "float32"),
        ("pictures", arrays.pictures, (samples,), "int32"),
    )
    for name, array, shape, dtype in expected:
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, not {dtype} of shape {shape}")
    if not _are_embeddings(arrays.vectors):
        raise ValueError("vectors holds values that are not finite, or embeddings of no length")
    used = np.unique(arrays.clusters)
    if len(used) != manifest.counts.clusters or (samples and not 0 <= used[0] <= used[-1] < ids):
        raise ValueError(f"clusters must name {manifest.counts.clusters} clusters, with ids from 0 to {ids - 1}")
    eps = arrays.eps[used]
    if not ((eps >= _FLOAT32.tiny) & np.isfinite(eps)).all() or np.count_nonzero(arrays.eps) != len(used):
        raise ValueError("eps holds values that are not positive and finite, or not 0 for an id that is not in use")
    if not ((arrays.reach >= arrays.eps) & np.isfinite(arrays.reach)).all():
        raise ValueError("reach holds values that are not finite and at least eps")
    if samples and not 0 <= arrays.pictures.min() <= arrays.pictures.max() < manifest.counts.pictures:
        raise ValueError(f"pictures holds rows outside 0 to {manifest.counts.pictures - 1}")
    if len(np.unique(arrays.pictures)) != samples:
        raise ValueError("pictures holds a row twice")


def check_labels(labels: Labels, manifest: Manifest, arrays: Arrays) -> None:
    """Hold labels.json against the model: everything in it is of clusters that there are."""
    trained = frozenset(np.unique(arrays.clusters).tolist())
    made = labels.edits.eps.keys()
    new = sorted(cluster for cluster in made if cluster >= manifest.ids)
    if new != list(range(manifest.ids, manifest.ids + len(new))) or min(made, default=0) < 0 or made & trained:
        raise ValueError(f"edits.eps must number its clusters on from {manifest.ids}, or by ids that are not in use")
    known = trained | made
    named: tuple[tuple[str, Collection[int]], ...] = (
        ("labels", labels.labels),
        ("exemplars", labels.exemplars),
        ("not_groups", labels.not_groups),
        ("proposed", labels.proposed),
        ("conflicts", labels.conflicts),
    )
    for field, clusters in named:
        if unknown := [cluster for cluster in clusters if cluster not in known]:
            raise ValueError(f"{field} has cluster {unknown[0]}, which is unknown: there are {_listed(known)}")
    _check_edits(labels.edits, manifest, known)


def _check_edits(edits: Edits, manifest: Manifest, known: frozenset[int]) -> None:
    known_all = known.issuperset
    for sample, cluster in edits.core.items():
        if not 0 <= sample < manifest.counts.core_samples or cluster not in known | {NOISE}:
            raise ValueError(f"edits.core sends core sample {sample} to cluster {cluster}; one of them is unknown")
    for sample in edits.by_hand:
        if not 0 <= sample < manifest.counts.core_samples:
            raise ValueError(f"edits.by_hand has core sample {sample}, which is unknown")
    for excluded in edits.excluded:
        if not all(cluster in known for cluster in excluded.clusters):
            raise ValueError(f"edits.excluded has {excluded.picture} excluded from a cluster that is unknown")
    for placed in (*edits.placed, *edits.held):
        if placed.cluster not in known | {NOISE}:
            raise ValueError(f"edits places {placed.picture} in cluster {placed.cluster}, which is unknown")
    if not known_all(edits.decided) or not all(map(known_all, edits.apart)):
        raise ValueError("edits.decided or edits.apart has a cluster that is unknown")
    for entry in (*edits.excluded, *edits.placed, *edits.held):
        size = len(entry.vector) / np.float32().nbytes
        if size != manifest.embedder.dimensions or not _are_embeddings(entry.embedding()[None]):
            numbers = manifest.embedder.dimensions
            raise ValueError(f"edits: the vector of {entry.picture} is not an embedding of {numbers} numbers")


def _listed(clusters: frozenset[int]) -> str:
    ids = sorted(clusters)
    return f"0 to {ids[-1]}" if len(ids) == ids[-1] + 1 else ", ".join(map(str, ids))


def _are_embeddings(vectors: NDArray[np.float32]) -> bool:
    """Whether all of them, (n, dimensions), have a direction, and distances that float32 can hold."""
    with np.errstate(over="ignore"):  # what overflows is infinite, and refused
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return bool(((lengths >= _SHORTEST) & (lengths <= _LONGEST)).all())
