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
from typing import Any, cast

import numpy as np
from pydantic import BaseModel, ValidationError

from shared.digests import sha256
from shared.documents import explain, text_of, to_json
from shared.embedding.embedder import EmbedderSpec
from shared.errors import UserError
from shared.files import finish_replacing, replace_together, write_atomically
from shared.model.checks import check_arrays, check_labels
from shared.model.npz import read_npz
from shared.model.parts import FORMAT, Arrays, Clustering, Labels, Manifest

MANIFEST = "manifest.json"
CLUSTERS = "clusters.npz"
LABELS = "labels.json"
ASSIGNMENTS = "assignments.csv"
REPORT = "report.html"


class BundleError(UserError):
    """A bundle that can't be used. The message names the file and the way out."""


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
    arrays = _read_arrays(folder, manifest, origin)
    with _naming(f"{origin}/{LABELS}"):
        check_labels(labels, manifest, arrays)
    return Bundle(
        manifest=manifest,
        arrays=arrays,
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
    manifest = parse_versioned(Manifest, content, f"{origin} is not a manifest", origin)
    if CLUSTERS not in manifest.files:
        raise BundleError(f"{origin} is not a manifest: files must list {CLUSTERS}")
    return manifest


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
        return Labels.model_validate_json(text_of(content))
    except ValidationError as error:
        raise BundleError(f"{origin} is not a label file: {explain(error)}") from None
    except ValueError as error:
        raise BundleError(f"{origin} is not a label file: {error}") from None


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
