"""The original sample's model and label files become a bundle that answers as they did.

The original saved a fitted DBSCAN: eps, the flattened embeddings of its core samples, and the cluster of every training
picture, but no picture names. So an imported bundle serves like any other, while what only the pictures could tell
(exemplars, and how far a border point is from its nearest core sample) stays empty until someone trains again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from shared.digests import sha256
from shared.embedding.embedder import EmbedderSpec, Vectors
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.model.assignments_csv import Row, rows_bytes
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
from shared.model.core_samples import NOISE, Metric
from shared.model.group_names import MOST_NAMES
from shared.model.model_name import check_model_name
from shared.model.parts import Counts, count_members
from training.model_lock import hold
from training.network.weights import GRAPH_SHA256
from training.original.pickled_objects import LABELS, MODEL, Instance, printable
from training.original.safe_pickle import read_pickle
from training.original.unpack import RefusedError

SPEC = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256, resize="point", pooling="flatten")
"""How the original makes its embeddings: 240 x 240 without antialiasing, all 7 x 7 x 512 numbers."""

_MAX_INT = 2**31 - 1  # of the bundle's ids
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,30}")


@dataclass(frozen=True, slots=True)
class Original:
    """A fitted DBSCAN, checked: n training pictures, m core samples, clusters numbered from 0 without gaps."""

    clustering: Clustering
    vectors: Vectors
    """Shape (m, 25088)."""
    core: NDArray[np.int32]
    """Shape (m,): each core sample's position among the pictures, as they were trained on."""
    clusters: NDArray[np.int32]
    """Shape (n,): each picture's cluster as the original left it, or NOISE."""
    scikit_learn: str | None
    """The version that saved it, where the file tells. A subclass such as the original's does not."""

    @property
    def count(self) -> int:
        return int(self.clusters.max(initial=NOISE)) + 1


@dataclass(frozen=True, slots=True)
class Imported:
    bundle: Bundle
    original: Original
    left_out: dict[int, tuple[str, ...]]
    """Names in the label file of clusters that the model does not have: they are not in the bundle."""


def import_original(model: Path, labels: Path | None, name: str, folder: Path) -> Imported:
    """Read the original's files and write the bundle into `folder`; its cluster ids stay, as its labels refer to them.

    Raises ModelNameError; RefusedError when a file is not what the original saved, or asks for more than such a file
    needs; OSError.
    """
    check_model_name(name)
    original = read_model(model)
    names = read_labels(labels) if labels else {}
    known = {cluster: given for cluster, given in sorted(names.items()) if 0 <= cluster < original.count}
    contents = {CLUSTERS: arrays_bytes(_arrays(original)), ASSIGNMENTS: rows_bytes(_rows(original))}
    with model.open("rb") as file:
        made_with = {"imported": model.name, "imported_sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    if original.scikit_learn:
        made_with["scikit-learn"] = original.scikit_learn
    manifest = _manifest(name, original, contents, made_with)
    with hold(folder, "import-original"):
        bundle = write_bundle(folder, manifest, contents, Labels(labels=known))
    return Imported(bundle, original, {cluster: names[cluster] for cluster in sorted(names.keys() - known.keys())})


def read_model(path: Path) -> Original:
    """Read and check a fitted DBSCAN. Raises RefusedError, OSError."""
    found = read_pickle(path, MODEL)
    if not isinstance(found, Instance):
        raise RefusedError(f"{path} holds a {_kind(found)}, not a DBSCAN model: is it the label file?")
    try:
        return _checked(found.attributes)
    except _UnfitError as error:
        raise RefusedError(f"{path} is not a model of the original sample: {error}") from None


def read_labels(path: Path) -> dict[int, tuple[str, ...]]:
    """Read a dict of cluster id to name or names. Raises RefusedError, OSError."""
    found = read_pickle(path, LABELS)
    if not isinstance(found, dict):
        raise RefusedError(f"{path} holds a {_kind(found)}, not a dict of cluster ids to names")
    names: dict[int, tuple[str, ...]] = {}
    for cluster, given in found.items():
        if not isinstance(cluster, int) or isinstance(cluster, bool) or abs(cluster) > _MAX_INT:
            raise RefusedError(f"{path} has a key of type {_kind(cluster)} that is not a cluster id")
        match given:
            case str():
                names[cluster] = (given,)
            case list() | tuple() if all(isinstance(name, str) for name in given):
                names[cluster] = tuple(str(name) for name in given)
            case _:
                raise RefusedError(f"{path}: cluster {cluster} has a {_kind(given)} for names, not a list of strings")
        if not all(name.strip() and name.isprintable() for name in names[cluster]):
            raise RefusedError(f"{path}: cluster {cluster} has a name that is empty or can't be printed")
        if len(names[cluster]) > MOST_NAMES:
            raise RefusedError(f"{path}: cluster {cluster} has {len(names[cluster])} names, more than {MOST_NAMES}")
    return names


class _UnfitError(ValueError):
    """Why these attributes are not the original's model."""


def _checked(attributes: Mapping[str, object]) -> Original:
    clustering = _clustering(attributes)
    vectors = _vectors(attributes)
    core = _whole_numbers(attributes, "core_sample_indices_")
    clusters = _whole_numbers(attributes, "labels_")
    if len(core) != len(vectors):
        raise _UnfitError(f"it has {len(vectors)} core samples, but {len(core)} core_sample_indices_")
    if core.min() < 0 or core.max() >= len(clusters) or len(np.unique(core)) != len(core):
        raise _UnfitError(f"core_sample_indices_ are not positions among its {len(clusters)} labels_")
    ids = np.unique(clusters[core])
    if not np.array_equal(ids, np.arange(len(ids))) or clusters.min() < NOISE or clusters.max() >= len(ids):
        raise _UnfitError("the labels_ of its core samples are not clusters numbered from 0")
    version = attributes.get("_sklearn_version")
    return Original(
        clustering=clustering,
        vectors=vectors,
        core=core.astype(np.int32),
        clusters=clusters.astype(np.int32),
        scikit_learn=version if isinstance(version, str) and _VERSION.fullmatch(version) else None,
    )


def _clustering(attributes: Mapping[str, object]) -> Clustering:
    found = attributes.get("metric")
    metric: Metric | None = next(
        (known for known in get_args(Metric) if isinstance(found, str) and known == found), None
    )
    if metric is None:
        named = printable(found) if isinstance(found, str) else f"a {_kind(found)}"
        raise _UnfitError(f"its metric is {named}; only {' and '.join(get_args(Metric))} can be served")
    eps, min_samples = attributes.get("eps"), attributes.get("min_samples")
    limits = np.finfo(np.float32)  # of the bundle's arrays, which keep eps
    if not isinstance(eps, int | float) or not float(limits.tiny) <= eps <= float(limits.max):
        raise _UnfitError("its eps is not a positive number")
    if not isinstance(min_samples, int) or not 1 <= min_samples <= _MAX_INT:
        raise _UnfitError("its min_samples is not a positive whole number")
    return Clustering(metric=metric, eps=float(eps), min_samples=min_samples, eps_chosen="given")


def _vectors(attributes: Mapping[str, object]) -> Vectors:
    components = _array(attributes, "components_", kinds="f", dimensions=2)
    if len(components) == 0:
        raise _UnfitError("it found no cluster, so there is nothing to import")
    if components.shape[1] != SPEC.dimensions:
        raise _UnfitError(f"its embeddings have {components.shape[1]} numbers, not {SPEC.dimensions} (7 x 7 x 512)")
    with np.errstate(over="ignore", invalid="ignore"):
        vectors = components.astype(np.float32, order="C")
    if not np.isfinite(vectors).all():
        raise _UnfitError("components_ holds values that are not finite")
    return vectors


def _whole_numbers(attributes: Mapping[str, object], name: str) -> NDArray[np.int64]:
    return _array(attributes, name, kinds="iu", dimensions=1).astype(np.int64)


def _array(attributes: Mapping[str, object], name: str, *, kinds: str, dimensions: int) -> NDArray[np.generic]:
    value = attributes.get(name)
    if not isinstance(value, np.ndarray):
        raise _UnfitError(f"it has no array {name}: only a fitted model can be imported")
    if value.dtype.kind not in kinds or value.ndim != dimensions:
        raise _UnfitError(f"{name} is {value.dtype} with {value.ndim} dimensions, which DBSCAN never leaves there")
    return value


def _arrays(original: Original) -> Arrays:
    eps = np.full(original.count, original.clustering.eps, dtype=np.float32)
    return Arrays(
        vectors=original.vectors,
        clusters=original.clusters[original.core],
        eps=eps,
        reach=eps,  # a larger one would have to be calibrated on the pictures
        pictures=original.core,
    )


def _rows(original: Original) -> list[Row]:
    """Positions for names, and no distances but those of core samples, which are 0."""
    core = frozenset(original.core.tolist())
    width = len(str(len(original.clusters) - 1))
    return [
        Row(f"picture-{position:0{width}}", cluster, 0.0 if position in core else None, position in core)
        for position, cluster in enumerate(original.clusters.tolist())
    ]


def _manifest(name: str, original: Original, contents: Mapping[str, bytes], made_with: dict[str, str]) -> Manifest:
    members = count_members(original.clusters.tolist())
    clustered = sum(members.values())
    counts = Counts(
        pictures=len(original.clusters),
        clustered=clustered,
        unclustered=len(original.clusters) - clustered,
        skipped=0,
        clusters=original.count,
        core_samples=len(original.core),
    )
    return Manifest(
        name=name,
        version=model_version(SPEC, original.clustering, contents[CLUSTERS]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedder=SPEC,
        clustering=original.clustering,
        counts=counts,
        members=members,
        files={file: sha256(content) for file, content in contents.items()},
        made_with=made_with,
    )


def _kind(value: object) -> str:
    return type(value).__name__
