"""A folder as a store. Also what a mounted file share is.

Writers exclude one another by a locked file in the folder they write in, so all of them must be this program, on file
systems where such locks work across the machines that share them. Readers need nothing of that: files are replaced
whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from shared.digests import sha256
from shared.files import open_regular, read_regular, write_atomically
from shared.stores.base import Advance, ConflictError, MissingError, Stat, Store, Stored, StoreError

_PIECE = 1 << 20
_LOCK = ".lock"


class FolderStore(Store):
    """Keys are paths below a folder; an object's ETag is the SHA-256 of its content."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.folder = self._root
        self.location = str(self._root)

    def where(self, key: str) -> str:
        return str(self._path(key))

    def read(self, key: str) -> Stored:
        path = self._path(key)
        with _explained(path):
            content = read_regular(path)
        return Stored(content, sha256(content))

    def changed(self, key: str, etag: str) -> Stored | None:
        stored = self.read(key)
        return None if stored.etag == etag else stored

    def stream(self, key: str) -> Iterator[bytes]:
        path = self._path(key)
        with _explained(path), open_regular(path) as file:
            while piece := file.read(_PIECE):
                yield piece

    def stat(self, key: str) -> Stat | None:
        path = self._path(key)
        try:
            with _explained(path):
                facts = path.stat()
            digest = self.read(key).etag
        except MissingError:
            return None
        return Stat(digest, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC), digest)

    def write(self, key: str, content: bytes, *, replacing: str | None, advance: Advance | None = None) -> None:
        from filelock import FileLock  # serving never writes, and need not wait for it

        path = self._path(key)
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.parent / _LOCK):  # ends with its process
                found = sha256(read_regular(path)) if path.exists() else None
                if found != replacing:
                    raise ConflictError(f"{path} was written by somebody else meanwhile")
                write_atomically(path, content)
        if advance:
            advance(len(content))

    def append(self, key: str, content: bytes, *, at_most: int) -> bool:
        path = self._path(key)
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                if file.tell() + len(content) > at_most:
                    return False
                file.write(content)
        return True

    def copy(self, source: str, target: str) -> None:
        self.write(target, self.read(source).content, replacing=None)

    def children(self, prefix: str) -> list[str]:
        folder = self._path(prefix)
        try:
            with _explained(folder):
                return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
        except MissingError:
            return []

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts:
            raise StoreError(f"{key!r} is not a store key")
        return self._root.joinpath(*parts)


@contextmanager
def _explained(path: Path) -> Generator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"{path} is missing") from None
    except OSError as error:
        raise StoreError(f"{path} can't be used: {error.strerror}") from error
