"""Where models live: one interface over a folder and over a blob container, and the files both keep.

embedders/<sha256>.onnx               exported graphs, shared by all models
<name>/versions/<version>/…           a published bundle; its manifest is written last and never changes
<name>/current.json                   the pointer to the version that is served (shared/releases.py)
<name>/manifest.json, clusters.npz …  a working bundle, as training writes it; served while there is no pointer
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from shared.bundle import BundleError
from shared.errors import UserError
from shared.files import write_atomically_with

EMBEDDERS = "embedders"

type Advance = Callable[[int], None]
"""Told how many bytes more have been moved."""


class StoreError(UserError):
    """The store can't do what was asked. The message names the place and the way out, and is the same each time."""


class MissingError(StoreError):
    """Nothing is stored under this key."""


class ConflictError(StoreError):
    """Somebody else wrote it first."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A small object, read whole."""

    content: bytes
    etag: str
    """Changes whenever the content does."""


@dataclass(frozen=True, slots=True)
class Stat:
    etag: str
    size: int
    modified: datetime
    sha256: str | None
    """None where another tool than this one wrote the object, so that nobody knows."""


class Store(Protocol):
    """Objects under keys such as "books/current.json". Every method raises StoreError when the store fails."""

    location: str
    """The root, for messages and to tell stores apart. Never holds a credential."""
    folder: Path | None
    """The root, where it is a folder on this machine and its files can be used in place."""

    def where(self, key: str) -> str:
        """The path or URL of a key, for messages."""
        ...

    def read(self, key: str) -> Stored:
        """Raises MissingError."""
        ...

    def changed(self, key: str, etag: str) -> Stored | None:
        """The object if its ETag is another than this one, else None. Raises MissingError."""
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """The content piece by piece, for large objects. Raises MissingError, at the first piece."""
        ...

    def stat(self, key: str) -> Stat | None:
        """What is known without reading the content; None when nothing is there."""
        ...

    def write(self, key: str, content: bytes, *, replacing: str | None, advance: Advance | None = None) -> None:
        """Write whole or not at all. `replacing` is the ETag of what it replaces; None: nothing may be there.

        Raises ConflictError when something else is there. After a lost answer that may be one's own content.
        """
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy within the store. Raises MissingError without a source, ConflictError when the target is there."""
        ...

    def children(self, prefix: str) -> list[str]:
        """Names of the folders directly under a prefix that ends with "/", sorted."""
        ...


def is_url(location: str) -> bool:
    """Whether this is in Blob Storage, rather than a folder."""
    return location.startswith(("http://", "https://"))


def open_store(location: str, connection_string: str | None = None) -> Store:
    """A store by its URL or folder. Reaches nothing yet. Raises StoreError when they don't make sense."""
    if is_url(location):
        from shared.store_blob import open_container  # the Azure SDK is imported only where it is used

        return open_container(location, connection_string)
    from shared.store_folder import FolderStore

    return FolderStore(Path(location))


def graph_key(digest: str) -> str:
    return f"{EMBEDDERS}/{digest}.onnx"


def graph_path(root: Path, digest: str) -> Path:
    """Where the exported graph of this digest belongs in a folder of models."""
    return root / graph_key(digest)


def checked_graph(root: Path, digest: str) -> Path:
    """The path of a graph that is there and whole. Raises BundleError."""
    path = graph_path(root, digest)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise BundleError(
            f"{path} is missing: `python -m training weights` makes it, or, if it is a model's own in int8, fetch that "
            "model or train it again"
        ) from None
    if found != digest:
        raise BundleError(
            f"{path} is damaged (its SHA-256 is {found}): delete it and run `python -m training weights`, or, if it is "
            "a model's own in int8, fetch that model or train it again"
        )
    return path


def download(store: Store, key: str, path: Path, expected: str | None, advance: Advance | None = None) -> None:
    """Copy an object into a file, replaced atomically once the SHA-256 is the expected one.

    Raises StoreError, and BundleError when the content is not the expected one; the file is untouched then.
    """

    def write(file: BinaryIO) -> None:
        digest = hashlib.sha256()
        for piece in store.stream(key):
            file.write(piece)
            digest.update(piece)
            if advance:
                advance(len(piece))
        if expected is not None and digest.hexdigest() != expected:
            raise BundleError(
                f"{store.where(key)} is damaged (its SHA-256 is {digest.hexdigest()}, not {expected}): publish it again"
            )

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically_with(path, write)
