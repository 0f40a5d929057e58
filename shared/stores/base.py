"""Where models live: one interface over a folder and over a blob container, and the files both keep.

embedders/<sha256>.onnx               exported graphs, shared by all models
<name>/versions/<version>/…           a published bundle; its manifest is written last and never changes
<name>/unclustered/<day>.jsonl        what production left unclustered (shared/serving/unclustered_record.py)
<name>/current.json                   the pointer to the version that is served (shared/stores/releases.py)
<name>/manifest.json, clusters.npz …  a working bundle, as training writes it; served while there is no pointer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from shared.errors import UserError

type Advance = Callable[[int], None]
"""Takes how many bytes more have been moved."""


class StoreError(UserError):
    """The store can't do what was asked. The message names the place and the way out, and is the same each time."""


class MissingError(StoreError):
    """Nothing is stored under this key."""


class RoleError(StoreError):
    """The identity has no role for it, or one that was given a moment ago and is not known everywhere yet."""


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

    def append(self, key: str, content: bytes, *, at_most: int) -> bool:
        """Add to an object that grows; False, and nothing is added, where it would grow beyond `at_most` bytes."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy within the store. Raises MissingError without a source, ConflictError when the target is there."""
        ...

    def children(self, prefix: str) -> list[str]:
        """Names of the folders directly under a prefix that ends with "/", sorted."""
        ...
