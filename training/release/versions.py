"""What is in a store, and how to get it back out: list a model's versions, fetch one as a working bundle."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.documents import to_json
from shared.errors import UserError
from shared.files import write_atomically
from shared.model.bundle import LABELS, MANIFEST, REPORT, BundleError, parse_labels, read_bundle, read_manifest
from shared.model.parts import Labels, Manifest, next_id
from shared.stores.base import MissingError, Store
from shared.stores.download import download
from shared.stores.graphs import checked_graph, graph_key, graph_path
from shared.stores.releases import Release, ReleaseWatcher, read_published_manifest, version_key
from training.model.ids import note_minted, read_lineage
from training.model_lock import hold
from training.progress import Show
from training.release.publishing import known_versions, read_pointer


class FetchError(UserError):
    """The fetched model would overwrite work that is nowhere else."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version as `versions` lists it."""

    version: str
    current: bool
    published: datetime
    pictures: int
    clusters: int
    named: int
    """Clusters with a name."""


def list_versions(store: Store, name: str) -> list[Version]:
    """The complete versions of a model, the latest published last. Raises StoreError, BundleError."""
    pointer = read_pointer(store, name)
    current = pointer.version if pointer else None
    found = (_describe(store, name, version, current) for version in known_versions(store, name))
    return sorted((version for version in found if version), key=lambda version: version.published)


def fetch(store: Store, name: str, version: str | None, models: Path, show: Show, *, overwrite: bool = False) -> Path:
    """Bring a version (the current one without) and its graph into a folder of models, to serve, name or compare it.

    Raises StoreError, BundleError, and FetchError when another version stands there, unless `overwrite`.
    """
    release = ReleaseWatcher(store, name, version).current()
    target = models / name
    with hold(target, "fetching"):
        _replace(store, release, target, show, overwrite=overwrite)
    return target


def _replace(store: Store, release: Release, target: Path, show: Show, *, overwrite: bool) -> None:
    models = target.parent
    if (target / MANIFEST).exists():
        present = read_bundle(target).version
        if present != release.version and not overwrite:
            raise FetchError(f"{target} holds version {present}: move it away, or overwrite it with --overwrite")
    models.mkdir(parents=True, exist_ok=True)
    minted = max(read_lineage(target).minted, _minted(store, target.name))
    with tempfile.TemporaryDirectory(dir=models, prefix=".") as staging:
        _fetch_bundle(store, release.folder, release.manifest_sha256, Path(staging), show)
        origin = store.where(release.folder)
        bundle = read_bundle(Path(staging), origin)
        if bundle.version != release.version:
            raise BundleError(f"{origin} holds version {bundle.version}, not {release.version}")
        _fetch_graph(store, bundle.manifest.embedder.graph_sha256, models, show)
        _install(Path(staging), target)
    if minted > read_lineage(target).minted:
        note_minted(target, minted)


def _minted(store: Store, name: str) -> int:
    """Up to where the versions in the store have given ids out: an older one that is trained again gives others.

    What can't be read has never been served, or not for long.
    """
    minted = 0
    for version in known_versions(store, name):
        with suppress(BundleError, MissingError):
            if found := _read_documents(store, version_key(name, version)):
                manifest, labels = found
                minted = max(minted, next_id(manifest.ids, labels))
    return minted


def _describe(store: Store, name: str, version: str, current: str | None) -> Version | None:
    """None for what an interrupted publication left."""
    home = version_key(name, version)
    stat = store.stat(f"{home}/{MANIFEST}")
    found = _read_documents(store, home)
    if stat is None or found is None:
        return None
    manifest, labels = found
    return Version(
        version=version,
        current=version == current,
        published=stat.modified,
        pictures=manifest.counts.pictures,
        clusters=manifest.counts.clusters,
        named=sum(bool(names) for names in labels.labels.values()),
    )


def _read_documents(store: Store, home: str) -> tuple[Manifest, Labels] | None:
    """None for what an interrupted publication left."""
    if store.stat(f"{home}/{MANIFEST}") is None:
        return None
    manifest, _ = read_published_manifest(store, home)
    key = f"{home}/{LABELS}"
    return manifest, parse_labels(store.read(key).content, store.where(key))


def _fetch_bundle(store: Store, folder: str, manifest_sha256: str | None, staging: Path, show: Show) -> None:
    download(store, f"{folder}/{MANIFEST}", staging / MANIFEST, manifest_sha256)
    manifest = read_manifest(staging, store.where(folder))
    for name in dict.fromkeys([*manifest.files, LABELS]):
        _fetch_file(store, f"{folder}/{name}", staging / name, manifest.files.get(name), show)


def _fetch_graph(store: Store, digest: str, models: Path, show: Show) -> None:
    try:
        checked_graph(models, digest)
    except BundleError:
        _fetch_file(store, graph_key(digest), graph_path(models, digest), digest, show)


def _fetch_file(store: Store, key: str, path: Path, expected: str | None, show: Show) -> None:
    found = store.stat(key)
    if found is None:
        raise MissingError(f"{store.where(key)} is missing: publish the model again")
    with show(path.name, found.size) as advance:
        download(store, key, path, expected, advance)


def _install(staging: Path, target: Path) -> None:
    """Move the files into place, the manifest last and as training writes it: names and report may change again."""
    manifest = read_manifest(staging)
    target.mkdir(exist_ok=True)
    for name in (MANIFEST, REPORT):
        (target / name).unlink(missing_ok=True)
    for path in staging.iterdir():
        if path.name != MANIFEST:
            path.replace(target / path.name)
    files = {name: digest for name, digest in manifest.files.items() if name not in (LABELS, REPORT)}
    write_atomically(target / MANIFEST, to_json(manifest.model_copy(update={"files": files})))
