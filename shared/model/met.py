"""Pictures that production met and that are in no group, with the vectors it made of them: handed to training."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared.embedding.embedder import EmbedderSpec
from shared.model.remembered import Remembered


class MetPicture(Remembered):
    """One of them, by its name in the place where it is."""

    category: str | None = None
    """That a classifier gave it."""


class Met(BaseModel):
    """All of one place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: str
    """The folder or the container's URL."""
    embedder: EmbedderSpec
    """How the vectors were made."""
    pictures: tuple[MetPicture, ...]
