"""Pictures that came into a model from elsewhere than where its others are: from where, and their embeddings.

Noted beside the bundle, so that the naming page shows them without embedding them again. Not part of the model: without
the note they are missing from the page, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.documents import to_json
from shared.embedding.embedder import Vectors
from shared.errors import UserError
from shared.files import write_atomically
from shared.model.remembered import Remembered, vector_bytes
from shared.pictures.listing import noted_place, pictures_at, place_noted
from shared.pictures.source import Source
from training.embedding.embeddings import Embedded
from training.progress import Say

_FILE = ".elsewhere.json"


class _Noted(BaseModel):
    model_config = ConfigDict(frozen=True)

    places: dict[str, tuple[Remembered, ...]] = {}
    """Folder, relative to the bundle, or URL, to its pictures."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is still where it was."""

    sources: tuple[Source, ...]
    embedded: Embedded
    """Of the same pictures in the same order."""
    places: Mapping[str, str]
    """Picture to the folder or URL that it is in."""


def note_elsewhere(folder: Path, place: str, names: Sequence[str], vectors: Vectors) -> None:
    """Note beside the bundle in `folder` where some pictures are; vectors: shape (len(names), dimensions)."""
    noted = _read(folder)
    met = {
        name: Remembered(picture=name, vector=vector_bytes(vector)) for name, vector in zip(names, vectors, strict=True)
    }
    there = noted_place(folder, place)
    known = {entry.picture: entry for entry in noted.places.get(there, ())} | met
    write_atomically(folder / _FILE, to_json(_Noted(places={**noted.places, there: tuple(known.values())})))


def open_elsewhere(folder: Path, among: Collection[str], dimensions: int, say: Say) -> Elsewhere:
    """The noted pictures among some, where their embeddings have so many `dimensions`.

    `say` is told of a place that can't be reached, whose pictures are left out.
    """
    sources: list[Source] = []
    entries: list[Remembered] = []
    places: dict[str, str] = {}
    for noted, known in _read(folder).places.items():
        place = place_noted(folder, noted)
        wanted = {
            entry.picture: entry
            for entry in known
            if entry.picture in among and entry.picture not in places and len(entry.embedding()) == dimensions
        }
        if not wanted:
            continue
        try:
            there = [source for source in pictures_at(place) if source.name in wanted]
        except UserError as error:
            say(f"Left out {len(wanted)} pictures that came from {place}: {error}")
            continue
        sources += there
        entries += [wanted[source.name] for source in there]
        places |= dict.fromkeys((source.name for source in there), place)
    vectors = np.array([entry.embedding() for entry in entries], dtype=np.float32).reshape(len(entries), dimensions)
    return Elsewhere(tuple(sources), Embedded(tuple(source.name for source in sources), vectors, {}), places)


def _read(folder: Path) -> _Noted:
    try:
        return _Noted.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return _Noted()
