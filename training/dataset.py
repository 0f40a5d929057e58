"""The pictures of a folder or blob container as a stable list: found recursively, sorted by their relative path."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, NoReturn, Protocol

from shared.errors import UserError
from shared.files import write_atomically
from shared.images import PictureError
from shared.store import is_url

# What Pillow reads, by the suffixes people give it; other files in the folder are not pictures and not worth a word.
SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pcx", ".pgm"}
    | {".png", ".pnm", ".ppm", ".psd", ".tga", ".tif", ".tiff", ".webp"}
)


_REMEMBERED = ".pictures"


class DatasetError(UserError):
    """A folder or container that holds nothing to train on, or that is not where it was."""


class Status(NamedTuple):
    """What is known of a picture without reading it."""

    size: int
    """In bytes."""
    modified_ns: int
    """Time of the last change, in nanoseconds since 1970."""


class Source(Protocol):
    """A picture that has not been read yet. Can be pickled, and then read by another process that sees its place."""

    @property
    def name(self) -> str:
        """Path relative to the folder or container, with forward slashes: the picture's name everywhere else."""
        ...

    def fingerprint(self) -> str | None:
        """Changes when the content does, and costs no reading of it; None where nothing can be said."""
        ...

    def status(self) -> Status:
        """Raises OSError when it can't be told."""
        ...

    def content(self) -> bytes:
        """The picture's bytes. Raises PictureError when they can't be had, StoreError when their container fails."""
        ...


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


def pictures_at(place: str) -> Sequence[Source]:
    """All pictures in a folder, or below the URL of a blob container, as find_pictures finds them.

    Raises DatasetError, and shared.store.StoreError when the container can't be listed.
    """
    if not is_url(place):
        return find_pictures(Path(place))
    from training.blob_source import list_blobs  # the Azure SDK is imported only where it is used

    return _in_order((blob for blob in list_blobs(place) if _is_picture(blob.name)), place)


def find_pictures(folder: Path) -> list[FileSource]:
    """All pictures below a folder, sorted by name. Hidden files and folders are left out.

    Raises DatasetError, also for a name that is not UTF-8: no bundle, report or search index could hold it.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    # Absolute, for processes that work elsewhere.
    found = ((path.relative_to(folder), path.absolute()) for path in _walk(folder))
    return _in_order((FileSource(name.as_posix(), path) for name, path in found), folder)


def _in_order[S: Source](found: Iterable[S], place: Path | str) -> list[S]:
    sources = sorted(found, key=lambda source: source.name)
    for source in sources:
        try:
            source.name.encode()
        except UnicodeEncodeError:
            raise DatasetError(f"{os.fsencode(source.name)!r} in {place} is not named in UTF-8: rename it") from None
        if "" in source.name.split("/"):  # names become paths again, where pictures are sorted into folders
            raise DatasetError(f"{source.name!r} in {place} has an empty folder's name in its path: rename it")
    if not sources:
        raise DatasetError(f"{place} holds no pictures (looked for {', '.join(sorted(SUFFIXES))}, in subfolders too)")
    return sources


def remember_pictures(bundle: Path, place: Path | str) -> None:
    """Note beside a bundle where its pictures are. Not part of the model.

    A folder is noted relative to it, so that both can move together.
    """
    if isinstance(place, str) and is_url(place):
        noted = place
    else:
        noted = Path(place).resolve().relative_to(bundle.resolve(), walk_up=True).as_posix()
    write_atomically(bundle / _REMEMBERED, os.fsencode(f"{noted}\n"))


def recall_pictures(bundle: Path) -> str:
    """The folder or URL that a bundle was trained on.

    Raises DatasetError when it was never noted, or is a folder that is not there any more.
    """
    try:
        noted = os.fsdecode((bundle / _REMEMBERED).read_bytes().removesuffix(b"\n"))
    except FileNotFoundError:
        raise DatasetError(
            f"{bundle} does not say where its pictures are: name their folder with --pictures FOLDER"
        ) from None
    if is_url(noted):
        return noted
    folder = (bundle / noted).resolve()
    if not folder.is_dir():
        raise DatasetError(
            f"the pictures of {bundle} were in {folder}, which is not there: name their folder with --pictures FOLDER"
        )
    return str(folder)


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, files in folder.walk(on_error=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path / name for name in files if _is_picture(name))


def _is_picture(name: str) -> bool:
    """Whether a name, or path of names, is worth trying: with a picture's suffix, and no part of it hidden."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and PurePosixPath(name).suffix.lower() in SUFFIXES


def _raise(error: OSError) -> NoReturn:
    raise error
