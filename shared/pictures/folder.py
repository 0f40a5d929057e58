"""Pictures in a folder on this machine, found recursively."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from shared.embedding.decoding.signatures import HEAD
from shared.embedding.images import PictureError
from shared.files import open_regular, read_regular, special_kind
from shared.pictures.source import (
    LARGEST_FILE,
    DatasetError,
    Listing,
    Status,
    has_suffix,
    is_litter,
    list_in_order,
    reason_against,
)
from shared.printable import composed

SORTED = ".sorted-pictures"
"""A file that says that a folder's pictures are copies of others or links to them, sorted by `assign`."""


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
            return read_regular(self.path, LARGEST_FILE)
        except OSError as error:
            raise PictureError(f"it can't be opened ({error.strerror})") from error


def list_folder(folder: Path) -> Listing[FileSource]:
    """All pictures below a folder, and what else is there. Links to folders are not followed.

    Raises DatasetError, also for a name that is not UTF-8: no bundle, report or search index could hold it.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    if (folder / SORTED).exists():
        raise DatasetError(
            f"{folder} holds what assign sorted: name the folder of the pictures, or delete the file {SORTED} in it"
        )
    pictures: list[FileSource] = []
    left_out: dict[str, str] = {}
    litter = 0
    for path, folders, files in folder.walk(on_error=_raise):
        if SORTED in files:
            folders.clear()
            left_out[f"{path.relative_to(folder).as_posix()}/"] = "assign sorted pictures into this folder"
            continue
        names = [name for name in files if not is_litter(name)]
        wanted = [name for name in folders if not is_litter(name)]
        litter += len(files) - len(names) + len(folders) - len(wanted)
        folders[:] = wanted
        for name in names:
            file = path / name
            shown = composed(file.relative_to(folder).as_posix())
            if reason := _reason_against(file):
                left_out[shown] = reason
            else:
                pictures.append(FileSource(shown, file.absolute()))  # absolute, for processes that work elsewhere
    return list_in_order(pictures, left_out, litter, folder)


def find_pictures(folder: Path) -> list[FileSource]:
    """The pictures of list_folder; raises the same errors."""
    return list(list_folder(folder).pictures)


def _reason_against(file: Path) -> str | None:
    """Why a file is left out; None for a picture, or what is named like one: reading it will tell."""
    try:
        status = file.stat()
        mode = status.st_mode
        if kind := special_kind(mode):
            return f"it is {kind}, not a file"
        if stat.S_ISDIR(mode):
            return "it is a link to a folder, which is not followed"
        if status.st_size > LARGEST_FILE:
            return f"it is larger than {LARGEST_FILE:,} bytes"
        if has_suffix(file.name):
            return None
        with open_regular(file) as opened:
            return reason_against(opened.read(HEAD))
    except OSError as error:
        return f"it can't be opened ({error.strerror})"


def _raise(error: OSError) -> NoReturn:
    raise error
