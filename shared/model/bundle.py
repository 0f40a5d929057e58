"""The model bundle on disk: manifest.json, clusters.npz, labels.json, assignments.csv, report.html.

The arrays and what they mean are written once by training; the names may change later, so they live in a file of their
own that is replaced atomically. Nothing in a bundle is ever unpickled.
"""

from __future__ import annotations

import io
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from shared.digests import sha256
from shared.documents import explain, to_json
from shared.embedding.embedder import EmbedderSpec
from shared.errors import UserError
from shared.files import finish_replacing, replace_together, write_atomically
from shared.model.checks import Radius, check_arrays, check_labels
from shared.model.core_samples import Metric
from shared.model.exclusions import Excluded
from shared.model.model_name import ModelName
from shared.model.npz import read_npz
from shared.model.remembered import Placed

FORMAT = 1

MANIFEST = "manifest.json"
CLUSTERS = "clusters.npz"
LABELS = "labels.json"
ASSIGNMENTS = "assignments.csv"
REPORT = "report.html"


type FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A plain name: it can't lead out of the bundle's folder."""


type Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

type Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""The arrays' ids are int32."""

MOST_NAMES = 100
"""Of one group. All of them stand in each answer."""

type Names = Annotated[tuple[str, ...], Field(max_length=MOST_NAMES)]


class BundleError(UserError):
    """A bundle that can't be used. The message names the file and the way out."""


class Clustering(BaseModel):
    """DBSCAN's parameters as used; eps is the largest where categories were trained apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Metric
    eps: Radius
    min_samples: Count = Field(ge=1)
    eps_chosen: Literal["auto", "given"]


class Counts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Count
    clustered: Count
    unclustered: Count
    skipped: Count
    clusters: Count = Field(ge=1)
    core_samples: Count

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if self.clustered + self.unclustered != self.pictures:
            raise ValueError("clustered and unclustered must add up to pictures")
        if not self.clusters <= self.core_samples <= self.clustered:
            raise ValueError("each cluster must have a core sample, and each core sample be clustered")
        return self


class Manifest(BaseModel):
    """What a bundle is: enough to serve it, to compare it and to make it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    name: ModelName
    version: str = Field(pattern=r"^[0-9a-f]{12}$")
    created: str
    embedder: EmbedderSpec
    clustering: Clustering
    categories: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Category to its clusters, where categories were trained apart; else empty."""
    counts: Counts
    files: dict[FileName, Sha256]
    """File name to SHA-256. labels.json and report.html are added when a version is published."""
    made_with: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _know_its_parts(self) -> Self:
        if CLUSTERS not in self.files:
            raise ValueError(f"files must list {CLUSTERS}")
        if any(not 0 <= cluster < self.counts.clusters for ids in self.categories.values() for cluster in ids):
            raise ValueError(f"categories must be of the clusters 0 to {self.counts.clusters - 1}")
        return self


class Edits(BaseModel):
    """What a person changed about the clusters themselves, laid over the arrays, which stay as trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    core: dict[int, int] = Field(default_factory=dict)
    """Core sample (row of clusters.npz) to its new cluster; NOISE where it counts for none."""
    eps: dict[int, Radius] = Field(default_factory=dict)
    """The eps of each cluster that a person made; their ids follow the trained ones."""
    excluded: tuple[Excluded, ...] = Field(default=(), validation_alias=AliasChoices("excluded", "taken_out"))
    """Called taken_out in files of earlier versions."""
    placed: tuple[Placed, ...] = ()
    """Pictures that a person put into a cluster and that are no core samples of the model, or is not sure about."""
    held: tuple[Placed, ...] = ()
    """Pictures that stay where they were, though an edit of others would have moved them with those."""
    decided: tuple[int, ...] = ()
    """Clusters that a person put together: training again keeps their pictures together and apart from the others'."""
    apart: tuple[tuple[int, int], ...] = ()
    """Pairs of clusters that a person said are not the same."""


class Labels(BaseModel):
    """The names of the groups, pictures by which a group is recognized when its number changes, and edits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: dict[int, Names] = Field(default_factory=dict)
    exemplars: dict[int, tuple[str, ...]] = Field(default_factory=dict)
    not_groups: tuple[int, ...] = ()
    """Clusters that a person found to be no group: they answer as if unclustered."""
    conflicts: tuple[int, ...] = ()
    """Clusters whose names come from others that training joined to them: a person is to say which names hold."""
    edits: Edits = Field(default_factory=Edits)


@dataclass(frozen=True, slots=True)
class Arrays:
    """clusters.npz: the core samples."""

    vectors: NDArray[np.float32]
    """Shape (m, dimensions): embeddings of the core samples, as the embedder made them."""
    clusters: NDArray[np.int32]
    """Shape (m,): each one's cluster, numbered from 0."""
    eps: NDArray[np.float32]
    """Shape (clusters,): each cluster's eps. They differ where categories were trained apart."""
    reach: NDArray[np.float32]
    """Shape (clusters,): the distance up to which each cluster suggests its names; at least its eps."""
    pictures: NDArray[np.int32]
    """Shape (m,): each core sample's row in assignments.csv, counted from 0."""


@dataclass(frozen=True, slots=True)
class Bundle:
    manifest: Manifest
    arrays: Arrays
    labels: Labels
    version: str
    """manifest.version and a digest of the names: another name is another version."""


def read_bundle(folder: Path, origin: str | None = None) -> Bundle:
    """Read and check a bundle. Raises BundleError when a file is missing, altered, or of another format.

    Messages name the files in `origin`, where `folder` is only a copy of it.
    """
    origin = origin or str(folder)
    manifest = read_manifest(folder, origin)
    for name, expected in manifest.files.items():
        if sha256(_read(folder, name, origin)) != expected:
            raise BundleError(f"{origin}/{name} is not the file its manifest lists (SHA-256 differs): fetch it again")
    labels_json = _read(folder, LABELS, origin)
    labels = parse_labels(labels_json, f"{origin}/{LABELS}")
    with _naming(f"{origin}/{LABELS}"):
        check_labels(labels, manifest)
    return Bundle(
        manifest=manifest,
        arrays=_read_arrays(folder, manifest, origin),
        labels=labels,
        version=full_version(manifest.version, labels_json),
    )


def is_bundle(folder: Path) -> bool:
    """Whether there is a bundle in a folder, whole or not. Raises BundleError as read_bundle does."""
    _finish(folder)
    return (folder / MANIFEST).exists()


def read_manifest(folder: Path, origin: str | None = None) -> Manifest:
    """Read manifest.json alone. Raises BundleError, as read_bundle does."""
    _finish(folder)
    origin = origin or str(folder)
    return parse_manifest(_read(folder, MANIFEST, origin), f"{origin}/{MANIFEST}")


def parse_manifest(content: bytes, origin: str) -> Manifest:
    """Raises BundleError naming `origin`."""
    return parse_versioned(Manifest, content, f"{origin} is not a manifest", origin)


def parse_versioned[Document: BaseModel](kind: type[Document], content: bytes, otherwise: str, origin: str) -> Document:
    """Read a document that names its format. Raises BundleError: for a newer format, or `otherwise` and why."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{otherwise}: {error}") from None
    if isinstance(found, dict) and found.get("format") not in (None, FORMAT):
        raise BundleError(f"{origin} has format {found['format']}, this code reads format {FORMAT}: update the code")
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        raise BundleError(f"{otherwise}: {explain(error)}") from None


def parse_labels(content: bytes, origin: str) -> Labels:
    """Raises BundleError naming `origin`."""
    try:
        return Labels.model_validate_json(content)
    except ValidationError as error:
        raise BundleError(f"{origin} is not a label file: {explain(error)}") from None


def write_bundle(folder: Path, manifest: Manifest, contents: Mapping[str, bytes], labels: Labels) -> Bundle:
    """Write a bundle whose manifest lists `contents`. Killed at any point, it leaves the old bundle or the new one."""
    replace_together(folder, {**contents, LABELS: to_json(labels), MANIFEST: to_json(manifest)})
    return read_bundle(folder)


def write_labels(folder: Path, labels: Labels) -> None:
    write_atomically(folder / LABELS, to_json(labels))


def arrays_bytes(arrays: Arrays) -> bytes:
    """clusters.npz: the same arrays give the same bytes (numpy dates the entries 1980)."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{field.name: getattr(arrays, field.name) for field in fields(Arrays)})
    return buffer.getvalue()


def model_version(embedder: EmbedderSpec, clustering: Clustering, clusters_npz: bytes) -> str:
    """Twelve digits that name a trained model by its content: the same training gives the same version."""
    content = to_json(embedder) + to_json(clustering) + clusters_npz
    return sha256(content)[:12]


def full_version(version: str, labels_json: bytes) -> str:
    return f"{version}-{sha256(labels_json)[:6]}"


def _finish(folder: Path) -> None:
    """A writer that was killed may have left the files of two bundles: make it the new one's."""
    try:
        finish_replacing(folder)
    except OSError as error:
        raise BundleError(
            f"{folder} was being replaced when the writer was killed, which can't be finished ({error.strerror}): "
            "open it once where its folder can be written"
        ) from None


def _read(folder: Path, name: str, origin: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise BundleError(f"{origin}/{name} is missing: train the model, or fetch it from its store") from None


def _read_arrays(folder: Path, manifest: Manifest, origin: str) -> Arrays:
    path = f"{origin}/{CLUSTERS}"
    try:
        stored = read_npz(_read(folder, CLUSTERS, origin), [field.name for field in fields(Arrays)])
        arrays = Arrays(**cast("dict[str, Any]", stored))  # check_arrays sees to their types
    except BundleError:
        raise
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} can't be read: {error}") from None
    with _naming(path):
        check_arrays(arrays, manifest)
    return arrays


@contextmanager
def _naming(path: str) -> Generator[None]:
    """Let what a check complains of name the file."""
    try:
        yield
    except ValueError as error:
        raise BundleError(f"{path}: {error}") from None
