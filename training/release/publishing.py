"""Put a bundle into a store so that it is served, and move back to a version that was.

A version is complete once its manifest is there, and current once the pointer names it. They are written last and in
this order, so nobody sees what an interrupted publication leaves behind, and repeating it takes that up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.digests import sha256
from shared.documents import to_json
from shared.model.bundle import LABELS, MANIFEST, REPORT, BundleError, Manifest, full_version, read_bundle
from shared.stores.base import ConflictError, MissingError, Store, StoreError
from shared.stores.graphs import checked_graph, graph_key
from shared.stores.releases import (
    Pointer,
    parse_pointer,
    pointer_key,
    read_published_manifest,
    version_key,
    versions_prefix,
)
from training.progress import Show
from training.report.version import reported_version

# The way back without naming a version; longer, and the pointer that every worker reads would only grow.
_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Move:
    """What became of the pointer."""

    name: str
    version: str
    """The current version now."""
    previous: str | None
    """The one before; the same where nothing had to move, None for a first publication."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The pointer as it was read, to be replaced only if nobody else does."""

    pointer: Pointer | None
    etag: str | None


def publish(store: Store, folder: Path, show: Show) -> Move:
    """Publish the bundle in `folder`, with the graph that lies beside it, and make it current.

    What the store holds already is not sent again; a file in it that was altered since is repaired; a report that shows
    other names is left out. Raises BundleError, StoreError, and ConflictError when another version became current
    meanwhile (this one is stored all the same).
    """
    manifest, contents = _as_published(folder)
    version = full_version(manifest.version, contents[LABELS])
    home = version_key(manifest.name, version)
    seen = _see(store, manifest.name)
    graph = manifest.embedder.graph_sha256
    _put(store, graph_key(graph), graph, lambda: checked_graph(folder.parent, graph).read_bytes(), show)
    relatives = [name for name in known_versions(store, manifest.name) if name.startswith(manifest.version)]
    digest = _put_version(
        store, home, manifest, contents, [version_key(manifest.name, name) for name in relatives], show
    )
    pointer = seen.pointer
    if pointer is None or (pointer.version, pointer.manifest_sha256) != (version, digest):
        before = pointer.history if pointer else ()
        history = (*before, pointer.version) if pointer and pointer.version != version else before
        _point(store, manifest.name, seen, version, digest, history)
    return Move(manifest.name, version, pointer.version if pointer else None)


def roll_back(store: Store, name: str, version: str | None) -> Move:
    """Make a version current that is already in the store: the given one, else the one that was current before.

    Raises StoreError when there is none or it is not whole, ConflictError when the pointer moved meanwhile.
    """
    seen = _see(store, name)
    if seen.pointer is None:
        raise MissingError(f"{store.location} has no published model {name!r}: there is nothing to roll back")
    current, history = seen.pointer.version, seen.pointer.history
    if version is None:
        if not history:
            raise MissingError(f"{current} is the first version of {name!r}: there is none to roll back to")
        version, history = history[-1], history[:-1]
    elif version != current:
        history = (*history, current)
    digest = _check_whole(store, name, version)
    if (version, digest) != (current, seen.pointer.manifest_sha256):
        _point(store, name, seen, version, digest, history)
    return Move(name, version, current)


def known_versions(store: Store, name: str) -> list[str]:
    """Versions in the store, whole or not."""
    return store.children(versions_prefix(name))


def read_pointer(store: Store, name: str) -> Pointer | None:
    """The pointer, or None before the first publication. Raises StoreError, BundleError."""
    return _see(store, name).pointer


def _see(store: Store, name: str) -> _Seen:
    key = pointer_key(name)
    try:
        stored = store.read(key)
    except MissingError:
        return _Seen(None, None)
    return _Seen(parse_pointer(stored.content, store.where(key)), stored.etag)


def _as_published(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest that lists every file, and their contents by name. A report of other names is none of them."""
    bundle = read_bundle(folder)
    shown = reported_version(folder)
    current = (folder / REPORT).exists() and shown in {None, bundle.version}
    names = [*bundle.manifest.files, LABELS, *([REPORT] if current else [])]
    contents = {name: (folder / name).read_bytes() for name in dict.fromkeys(names)}
    manifest = bundle.manifest.model_copy(update={"files": {name: sha256(data) for name, data in contents.items()}})
    same = manifest.files | bundle.manifest.files == manifest.files
    if not same or full_version(manifest.version, contents[LABELS]) != bundle.version:
        raise BundleError(f"{folder} changed while it was read: publish it when nobody trains or names in it")
    return manifest, contents


def _put_version(
    store: Store, home: str, manifest: Manifest, contents: dict[str, bytes], relatives: list[str], show: Show
) -> str:
    """Complete a version's folder, manifest last, and return the manifest's SHA-256.

    A manifest that is already there is another publication of the same model and names: it stays, and of its files
    those that are ours too are repaired. `relatives` are folders whose files may be the same.
    """
    key = f"{home}/{MANIFEST}"
    there = store.stat(key)
    standing = _standing_manifest(store, home, manifest) if there else None
    wanted = standing[0].files if standing else manifest.files
    for name, content in contents.items():
        digest = manifest.files[name]
        if wanted.get(name) != digest:
            continue
        if not _copy_from(store, relatives, f"{home}/{name}", name, digest):
            _put(store, f"{home}/{name}", digest, lambda content=content: content, show)
    if standing:
        return standing[1]
    with suppress(ConflictError):
        store.write(key, to_json(manifest), replacing=there.etag if there else None)
    # Whoever wrote the manifest, files that another publisher has overwritten meanwhile are repaired now.
    return _put_version(store, home, manifest, contents, relatives, show)


def _standing_manifest(store: Store, home: str, ours: Manifest) -> tuple[Manifest, str] | None:
    """The manifest that is there and its SHA-256; None when it was altered: a version determines all but these."""
    try:
        manifest, digest = read_published_manifest(store, home)
    except (MissingError, BundleError):
        return None
    circumstances = {"created": ours.created, "made_with": ours.made_with, "files": ours.files}
    return (manifest, digest) if manifest.model_copy(update=circumstances) == ours else None


def _copy_from(store: Store, relatives: list[str], key: str, name: str, digest: str) -> bool:
    """Copy a file from another version in the store, where one has it: new names need no upload of old arrays."""
    if store.stat(key):
        return False
    for relative in relatives:
        found = store.stat(f"{relative}/{name}")
        if found and found.sha256 == digest:
            try:
                store.copy(f"{relative}/{name}", key)
            except StoreError:  # an upload does as well
                return False
            return True
    return False


def _put(store: Store, key: str, digest: str, content: Callable[[], bytes], show: Show) -> None:
    """Upload unless the same is there; replace what is not the same."""
    found = store.stat(key)
    if found and found.sha256 == digest:
        return
    data = content()
    with show(Path(key).name, len(data)) as advance:
        try:
            store.write(key, data, replacing=found.etag if found else None, advance=advance)
        except ConflictError:
            found = store.stat(key)
            if found is None or found.sha256 != digest:
                raise


def _check_whole(store: Store, name: str, version: str) -> str:
    """Raise StoreError or BundleError unless every file of a version is there; return its manifest's SHA-256."""
    home = version_key(name, version)
    try:
        manifest, digest = read_published_manifest(store, home)
    except MissingError:
        known = ", ".join(known_versions(store, name)) or "none"
        raise MissingError(f"{store.location} has no version {version} of {name!r}; known are {known}") from None
    expected = {f"{home}/{file}": sha for file, sha in manifest.files.items()}
    for key, sha in (expected | {graph_key(manifest.embedder.graph_sha256): manifest.embedder.graph_sha256}).items():
        try:
            whole = _digest(store, key) == sha
        except MissingError:
            raise MissingError(
                f"version {version} of {name!r} can't be served: {store.where(key)} is missing"
            ) from None
        if not whole:
            raise StoreError(f"version {version} of {name!r} can't be served: {store.where(key)} is damaged")
    return digest


def _digest(store: Store, key: str) -> str:
    """The SHA-256 of what is stored, read where nobody noted it. Raises MissingError."""
    found = store.stat(key)
    if found and found.sha256:
        return found.sha256
    digest = hashlib.sha256()
    for piece in store.stream(key):
        digest.update(piece)
    return digest.hexdigest()


def _point(store: Store, name: str, seen: _Seen, version: str, digest: str, history: tuple[str, ...]) -> None:
    pointer = Pointer(
        version=version,
        manifest_sha256=digest,
        history=history[-_HISTORY:],
        moved=datetime.now(UTC).isoformat(timespec="microseconds"),
    )
    content = to_json(pointer)
    key = pointer_key(name)
    try:
        store.write(key, content, replacing=seen.etag)
    except ConflictError:
        now = parse_pointer(store.read(key).content, store.where(key))
        if (now.version, now.manifest_sha256) == (version, digest):
            return  # a rival published the same, or it was written and only the answer to us was lost
        raise ConflictError(
            f"somebody else made {now.version} the current version of {name!r} meanwhile. {version} is in the store, "
            f"too: `python -m training rollback {version}` makes it current"
        ) from None
