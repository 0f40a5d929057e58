"""What serving needs of a model, fetched from its store into a folder and checked by SHA-256 on the way.

The folder is laid out as `<name>/<version>/` and `embedders/`, and outlives the worker: the next one finds it filled.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from shared.digests import sha256
from shared.documents import to_json
from shared.files import write_atomically
from shared.model.bundle import CLUSTERS, LABELS, MANIFEST, Bundle, BundleError, Manifest, read_bundle, read_manifest
from shared.model.model_name import EMBEDDERS
from shared.stores.base import Store
from shared.stores.download import download
from shared.stores.graphs import checked_graph, graph_key, graph_path
from shared.stores.releases import Release

# The version that is served, the one before and the one after: rolling back costs no download. Temporary storage on a
# Flex Consumption instance is 0.8 GB.
_KEPT = 3

# No download takes this long: it was left by a worker that was killed.
_ABANDONED_SECONDS = 3600

_CURRENT = "current.json"


def fetch_bundle(store: Store, name: str, release: Release, folder: Path) -> Bundle:
    """A release's bundle: from `folder` where it is there and whole, else from the store into `folder`.

    Only what serving reads is fetched; the manifest kept in `folder` lists no more. Raises StoreError, BundleError, and
    OSError when `folder` can't be written.
    """
    home = folder / name / release.version
    with suppress(BundleError, FileNotFoundError):
        bundle = read_bundle(home)
        if bundle.version == release.version:
            with suppress(OSError):
                os.utime(home)
            return bundle
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".") as staging:
        bundle = _download_bundle(store, release, Path(staging), home.parent)
        shutil.rmtree(home, ignore_errors=True)
        with suppress(OSError):  # another worker was faster, and its copy is as good
            Path(staging).rename(home)
    return bundle


def fetch_graph(store: Store, digest: str, folder: Path) -> Path:
    """The exported graph of this digest, whole; a folder store's own file, in place. Raises as fetch_bundle does."""
    if store.folder:
        return checked_graph(store.folder, digest)
    with suppress(BundleError):
        return checked_graph(folder, digest)
    path = graph_path(folder, digest)
    download(store, graph_key(digest), path, digest)
    return path


def remember(release: Release, name: str, folder: Path) -> None:
    """Note which release was current, for a worker that starts while the store is down."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    write_atomically(folder / name / _CURRENT, to_json(release))


def remembered(name: str, folder: Path) -> Release | None:
    """The release that was current when a worker last saw the store."""
    with suppress(OSError, ValueError):
        return Release.model_validate_json((folder / name / _CURRENT).read_bytes())
    return None


def prune(name: str, folder: Path) -> None:
    """Remove the model's versions beyond the latest used, graphs that no version here needs, and what was interrupted.

    Raises OSError.
    """
    versions = [path for path in (folder / name).glob("[!.]*/") if path.is_dir()]
    for old in sorted(versions, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    needed: set[str] = set()
    for manifest in folder.glob(f"*/[!.]*/{MANIFEST}"):
        try:
            needed.add(read_manifest(manifest.parent).embedder.graph_sha256)
        except BundleError:
            shutil.rmtree(manifest.parent, ignore_errors=True)
    for graph in (folder / EMBEDDERS).glob("[!.]*.onnx"):
        if graph.stem not in needed:
            graph.unlink(missing_ok=True)
    for unfinished in folder.glob("*/.*"):
        if time.time() - unfinished.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink()


def _download_bundle(store: Store, release: Release, staging: Path, cached: Path) -> Bundle:
    origin = store.where(release.folder)
    download(store, f"{release.folder}/{MANIFEST}", staging / MANIFEST, release.manifest_sha256)
    manifest = read_manifest(staging, origin)
    for file in (CLUSTERS, LABELS):
        expected = manifest.files.get(file)
        if file == CLUSTERS and _reuse(cached, manifest, staging):
            continue
        download(store, f"{release.folder}/{file}", staging / file, expected)
    served = {file: digest for file, digest in manifest.files.items() if file in (CLUSTERS, LABELS)}
    write_atomically(staging / MANIFEST, to_json(manifest.model_copy(update={"files": served})))
    bundle = read_bundle(staging, origin)
    if bundle.version != release.version:
        raise BundleError(f"{origin} holds version {bundle.version}, not {release.version}")
    return bundle


def _reuse(cached: Path, manifest: Manifest, staging: Path) -> bool:
    """Take the arrays from a cached version that differs in names only."""
    for path in cached.glob(f"{manifest.version}-*/{CLUSTERS}"):
        content = path.read_bytes()
        if sha256(content) == manifest.files.get(CLUSTERS):
            write_atomically(staging / CLUSTERS, content)
            return True
    return False
