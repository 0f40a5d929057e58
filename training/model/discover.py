"""New groups among pictures that production left unclustered, found by the vectors it made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from shared.documents import explain
from shared.embedding.embedder import EmbedderSpec
from shared.errors import UserError
from shared.model.bundle import read_bundle
from shared.model.met import Met, MetPicture
from shared.serving.unclustered_record import read_record
from shared.stores.base import Store
from shared.stores.blob import split_url
from shared.stores.opening import is_url
from training.embedding.embeddings import Embedded
from training.engine import LOCAL, Engine
from training.model.extend import Extended, extend
from training.model.update import note_members
from training.model_lock import hold


class DiscoverError(UserError):
    """Pictures that can't be compared with the model's. The message says why."""


def read_met(path: Path) -> Met:
    """Raises DiscoverError."""
    try:
        return Met.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DiscoverError(f"{path} can't be read: {error.strerror}") from None
    except ValidationError as error:
        raise DiscoverError(f"{path} does not hold pictures with their vectors: {explain(error)}") from None


def recorded_met(store: Store, name: str, embedder: EmbedderSpec) -> Met:
    """What the Function recorded of the model `name`: the pictures of the container that most of them are in.

    Raises DiscoverError where nothing is recorded, StoreError.
    """
    places: dict[str, list[MetPicture]] = {}
    for line in read_record(store, name, embedder):
        if is_url(line.picture):
            place, picture = split_url(line.picture)
            met = MetPicture(picture=picture.rstrip("/"), vector=line.vector, category=line.category)
            places.setdefault(place, []).append(met)
    if not places:
        raise DiscoverError(
            f"{store.location} has no record of what {name} left unclustered: set RECORD_UNCLUSTERED=true on the "
            "Function, deploy the skillset again, and let the indexer run"
        )
    place, pictures = max(places.items(), key=lambda item: len(item[1]))
    return Met(place=place, embedder=embedder, pictures=tuple(pictures))


def discover_met(folder: Path, met: Met, engine: Engine = LOCAL) -> Extended:
    """Propose groups of these pictures in the model in `folder`.

    Raises DiscoverError, BundleError, training.model_lock.InUseError.
    """
    with hold(folder, "discovering"):
        bundle = read_bundle(folder)
        if met.embedder != bundle.manifest.embedder:
            raise DiscoverError(
                f"the vectors of the pictures in {met.place} were made another way than those of {folder}: publish the "
                "model, and let the indexer read the pictures again with `reset` and `run`"
            )
        if not met.pictures:
            return Extended(bundle, 0, {}, {}, 0, {})
        vectors = np.stack([picture.embedding() for picture in met.pictures])
        embedded = Embedded(tuple(picture.picture for picture in met.pictures), vectors, {})
        categories = [picture.category for picture in met.pictures] if bundle.manifest.categories else None
        extended = extend(bundle, folder, embedded, categories, engine, propose=True)
        note_members(folder, met.place, extended, embedded)
        return extended
