"""The report's cache: how eps was chosen, which only training knows, and each picture's place on the map.

It is a hidden file beside the bundle and not part of the model: without it, a report lacks the eps curve and computes
the map again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.documents import to_json
from shared.files import write_atomically
from shared.model.bundle import Manifest
from training.clustering.choice import Choice as ChosenParameters
from training.clustering.choice import Curve as ChosenCurve

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
    """How DBSCAN's parameters were chosen for one category ("" where there are none)."""

    model_config = ConfigDict(frozen=True)

    category: str
    neighbours: int = 0
    eps: float
    reason: str
    weak: bool = False
    """Whether its groups hardly set themselves apart."""
    curve: Curve


def note_choices(choices: Mapping[str, ChosenParameters]) -> tuple[Choice, ...]:
    """What is worth keeping of how training chose eps, by category."""
    return tuple(
        Choice(
            category=category,
            neighbours=choice.neighbours,
            eps=choice.eps,
            reason=choice.reason,
            weak=choice.weak,
            curve=_note_curve(choice.curve),
        )
        for category, choice in choices.items()
    )


def _note_curve(curve: ChosenCurve) -> Curve:
    return Curve(
        eps=_numbers(curve.eps),
        clusters=tuple(curve.clusters.tolist()),
        coverage=_numbers(curve.coverage),
        largest=_numbers(curve.largest),
        score=_numbers(curve.score),
    )


def _numbers(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)


class ReportCache(BaseModel):
    """Everything in the file."""

    model_config = ConfigDict(frozen=True)

    version: str
    """manifest.version of the model that it belongs to."""
    choices: tuple[Choice, ...] = ()
    positions: dict[str, tuple[float, float]] = {}
    """Picture name to its place on the map."""


def is_weak(choices: Iterable[Choice]) -> bool:
    """Whether to warn of the groups."""
    return any(choice.weak for choice in choices)


def write_cache(folder: Path, cache: ReportCache) -> None:
    write_atomically(folder / _FILE, to_json(cache))


def read_cache(folder: Path, manifest: Manifest) -> ReportCache:
    """The cache of this very model; empty but for its version where there is none that can be used."""
    try:
        cache = ReportCache.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return ReportCache(version=manifest.version)
    return cache if cache.version == manifest.version else ReportCache(version=manifest.version)
