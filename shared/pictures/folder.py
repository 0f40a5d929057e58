"""Pictures in a folder on this machine, found recursively."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from shared.embedding.images import PictureError
from shared.pictures.source import DatasetError, Status, in_order, is_picture


@dataclass(frozen=True, slots=True)
class FileSource:
    """A picture in a folder."""

    name: str
    path: Path

    def fingerprint(self) -> str | None:
        """As make and git do: the same path, size and modification time mean the same content."""
        try:
            status = self.status()
        except OSError:
            return None
        return f"{self.path.resolve()}|{status.size}|{status.modified_ns}"

    def status(self) -> Status:
        status = self.path.stat()
        return Status(status.st_size, status.st_mtime_ns)

    def content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise PictureError(f"it can't be opened ({error.strerror})") from error


def find_pictures(folder: Path) -> list[FileSource]:
    """All pictures below a folder, sorted by name. Hidden files and folders are left out.

    Raises DatasetError, also for a name that is not UTF-8: no bundle, report or search index could hold it.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    # Absolute, for processes that work elsewhere.
    found = ((path.relative_to(folder), path.absolute()) for path in _walk(folder))
    return in_order((FileSource(name.as_posix(), path) for name, path in found), folder)


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, files in folder.walk(on_error=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path / name for name in files if is_picture(name))


def _raise(error: OSError) -> NoReturn:
    raise error
