"""The pictures of a folder or blob container as a stable list, and where a bundle's pictures are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from shared.files import write_atomically
from shared.pictures.folder import list_folder
from shared.pictures.source import DatasetError, Listing, Source
from shared.stores.opening import is_url

_REMEMBERED = ".pictures"


def list_pictures(place: str) -> Listing[Source]:
    """What is in a folder, or below the URL of a blob container, as list_folder lists it.

    Raises DatasetError, and shared.stores.base.StoreError when the container can't be listed.
    """
    if not is_url(place):
        return list_folder(Path(place))
    from shared.pictures.container import list_container  # the Azure SDK is imported only where it is used

    return list_container(place)


def pictures_at(place: str) -> Sequence[Source]:
    """The pictures of list_pictures; raises the same errors."""
    return list_pictures(place).pictures


def remember_pictures(bundle: Path, place: Path | str) -> None:
    """Note beside a bundle where its pictures are. Not part of the model."""
    write_atomically(bundle / _REMEMBERED, os.fsencode(f"{noted_place(bundle, place)}\n"))


def noted_place(bundle: Path, place: Path | str) -> str:
    """A place as a note beside a bundle calls it: a folder relative to the bundle, so that both can move together."""
    if isinstance(place, str) and is_url(place):
        return place
    return Path(place).resolve().relative_to(bundle.resolve(), walk_up=True).as_posix()


def place_noted(bundle: Path, noted: str) -> str:
    """The URL, or the folder as it can be opened from here."""
    return noted if is_url(noted) else str((bundle / noted).resolve())


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
    place = place_noted(bundle, noted)
    if not is_url(place) and not Path(place).is_dir():
        raise DatasetError(
            f"the pictures of {bundle} were in {place}, which is not there: name their folder with --pictures FOLDER"
        )
    return place
