"""What a picture is before it is read, wherever it lies, and what makes a list of them usable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Generic, NamedTuple, Protocol, TypeVar

from shared.embedding.decoding.signatures import kind_of
from shared.errors import UserError

# What is read, by the suffixes people give it. A file of another name is looked into: its first bytes decide.
SUFFIXES = frozenset(
    {".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg"}
    | {".jpg", ".mpo", ".pbm", ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".psb", ".psd", ".tga", ".tif", ".tiff", ".webp"}
    | {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"}
)

LARGEST_FILE = 1_000_000_000
"""Bytes. The largest picture that is read, in 16 bits and not compressed, has 716 MB."""

# What systems and programs leave beside pictures, previews of the very same pictures among it.
_LITTER = frozenset({"@eadir", "#recycle", "$recycle.bin", "__macosx", "system volume information", "lost+found"}) | {
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
}


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
        """Path relative to the folder or container, with forward slashes: the picture's name everywhere else.

        In Unicode's composed form, as people type it."""
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


S_co = TypeVar("S_co", bound=Source, covariant=True)  # what a newer notation finds for itself is invariant


class Listing(NamedTuple, Generic[S_co]):  # noqa: UP046
    """What a folder or container holds."""

    pictures: Sequence[S_co]
    """What is worth reading, sorted by name."""
    left_out: Mapping[str, str]
    """What is not a picture, by name, with the reason."""
    litter: int
    """How many hidden files, folders of thumbnails and the like were passed over."""


def list_in_order[S: Source](
    found: Iterable[S], left_out: Mapping[str, str], litter: int, place: Path | str
) -> Listing[S]:
    """Raises DatasetError where a name can't be used, and where there is no picture."""
    pictures: list[S] = []
    others = dict(left_out)
    for source in sorted(found, key=lambda source: source.name):
        if pictures and pictures[-1].name == source.name:
            others[source.name] = "two pictures have this name, each in another form of Unicode: one was read"
            continue
        pictures.append(source)
        try:
            source.name.encode()
        except UnicodeEncodeError:
            raise DatasetError(f"{os.fsencode(source.name)!r} in {place} is not named in UTF-8: rename it") from None
        if "" in source.name.split("/"):  # names become paths again, where pictures are sorted into folders
            raise DatasetError(f"{source.name!r} in {place} has an empty folder's name in its path: rename it")
    if not pictures:
        named = "".join(f"\n{name}: {reason}" for name, reason in sorted(others.items())[:3])
        files = f"{len(others):,} other file{'s'[: len(others) != 1]}"
        besides = f", but {files}{named}" if others else " (subfolders included)"
        raise DatasetError(f"{place} holds no pictures{besides}")
    return Listing(pictures, dict(sorted(others.items())), litter)


def has_suffix(name: str) -> bool:
    """Whether a file is named as pictures are, so that it need not be looked into before it is read."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def is_litter(name: str) -> bool:
    """Whether a path, or a part of it, is hidden or something that systems and programs leave behind."""
    return any(part.startswith(".") or part.lower() in _LITTER for part in name.split("/"))


def reason_against(head: bytes) -> str | None:
    """Why a file that begins so is not worth reading; None where it is."""
    kind = kind_of(head)
    if kind is None:
        return "it is not a picture in any known format" if head else "it is empty"
    return None if kind.readable else f"it is {kind.name}"
