"""A folder of pictures as a stable list: found recursively, named by relative path, sorted by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol

from shared.bundle import write_atomically
from shared.errors import UserError
from shared.images import PictureError

# What Pillow reads, by the suffixes people give it; other files in the folder are not pictures and not worth a word.
SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pcx", ".pgm"}
    | {".png", ".pnm", ".ppm", ".psd", ".tga", ".tif", ".tiff", ".webp"}
)


_REMEMBERED = ".pictures"


class DatasetError(UserError):
    """A folder that holds nothing to train on, or that is not where it was."""


class Source(Protocol):
    """A picture that has not been read yet."""

    @property
    def name(self) -> str:
        """Path relative to the folder or container, with forward slashes: the picture's name everywhere else."""
        ...

    def fingerprint(self) -> str | None:
        """Changes when the content does, and costs no reading of it; None where nothing can be said."""
        ...

    def content(self) -> bytes:
        """The picture's bytes. Raises shared.images.PictureError when they can't be had."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A picture in a folder."""

    name: str
    path: Path

    def fingerprint(self) -> str | None:
        """As make and git do: the same path, size and modification time mean the same content."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return f"{self.path.resolve()}|{status.st_size}|{status.st_mtime_ns}"

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
    sources = sorted(
        (FileSource(path.relative_to(folder).as_posix(), path) for path in _walk(folder)), key=lambda s: s.name
    )
    for source in sources:
        try:
            source.name.encode()
        except UnicodeEncodeError:
            raise DatasetError(f"{os.fsencode(source.name)!r} in {folder} is not named in UTF-8: rename it") from None
    if not sources:
        raise DatasetError(f"{folder} holds no pictures (looked for {', '.join(sorted(SUFFIXES))}, in subfolders too)")
    return sources


def remember_pictures(bundle: Path, folder: Path) -> None:
    """Note beside a bundle where its pictures are: relative, so that both can move together. Not part of the model."""
    path = folder.resolve().relative_to(bundle.resolve(), walk_up=True)
    write_atomically(bundle / _REMEMBERED, os.fsencode(f"{path.as_posix()}\n"))


def recall_pictures(bundle: Path) -> Path:
    """The folder that a bundle was trained on. Raises DatasetError when it was never noted or is not there any more."""
    try:
        folder = (bundle / os.fsdecode((bundle / _REMEMBERED).read_bytes().removesuffix(b"\n"))).resolve()
    except FileNotFoundError:
        raise DatasetError(
            f"{bundle} does not say where its pictures are: name their folder with --pictures FOLDER"
        ) from None
    if not folder.is_dir():
        raise DatasetError(
            f"the pictures of {bundle} were in {folder}, which is not there: name their folder with --pictures FOLDER"
        )
    return folder


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, files in folder.walk(on_error=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path / name for name in files if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES)


def _raise(error: OSError) -> NoReturn:
    raise error
