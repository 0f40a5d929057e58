"""What the report tells that only training knows: how eps was chosen, and where each picture is on the map.

It is kept in a hidden file beside the bundle and is no part of the model: without it a report lacks the eps curve, and
places the pictures anew.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.bundle import Manifest, to_json, write_atomically

_FILE = ".report.json"


class Curve(BaseModel):
    """What DBSCAN finds at each eps that was considered; all lists are equally long."""

    model_config = ConfigDict(frozen=True)

    eps: tuple[float, ...]
    clusters: tuple[int, ...]
    coverage: tuple[float, ...]
    """Share of the pictures that are in a cluster."""
    largest: tuple[float, ...]
    """Share of the pictures that are in the largest cluster."""
    score: tuple[float, ...]


class Choice(BaseModel):
    """How eps was chosen for one category ("" where there are none)."""

    model_config = ConfigDict(frozen=True)

    category: str
    eps: float
    reason: str
    curve: Curve | None


class Facts(BaseModel):
    """Everything in the file."""

    model_config = ConfigDict(frozen=True)

    version: str
    """manifest.version of the model that they belong to."""
    choices: tuple[Choice, ...] = ()
    positions: dict[str, tuple[float, float]] = {}
    """Picture name to its place on the map."""


def write_facts(folder: Path, facts: Facts) -> None:
    write_atomically(folder / _FILE, to_json(facts))


def read_facts(folder: Path, manifest: Manifest) -> Facts:
    """The facts of this very model; nothing but its version where there are none that can be used."""
    try:
        facts = Facts.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return Facts(version=manifest.version)
    return facts if facts.version == manifest.version else Facts(version=manifest.version)
