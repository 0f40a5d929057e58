"""New groups among pictures that production left unclustered, found by the vectors it made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from shared.documents import explain
from shared.errors import UserError
from shared.model.bundle import read_bundle
from shared.model.met import Met
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
