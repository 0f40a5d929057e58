"""What a picture is before it is read, wherever it lies, and what makes a list of them usable."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from shared.errors import UserError

# What Pillow reads, by the suffixes people give it; other files in the folder are not pictures and not worth a word.
SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pcx", ".pgm"}
    | {".png", ".pnm", ".ppm", ".psd", ".tga", ".tif", ".tiff", ".webp"}
)


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


def in_order[S: Source](found: Iterable[S], place: Path | str) -> list[S]:
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


def is_picture(name: str) -> bool:
    """Whether a name, or path of names, is worth trying: with a picture's suffix, and no part of it hidden."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and PurePosixPath(name).suffix.lower() in SUFFIXES
