"""Groups that get fewer or stranger pictures than when the model was trained, by what the index holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Literal

from azure.search.documents import SearchClient

from infra.search.queries import every
from infra.search.recognize import Served, fetch_served, served_release
from shared.model.assigner import apply_edits
from shared.model.assignments_csv import parse_rows
from shared.model.bundle import ASSIGNMENTS
from shared.model.core_samples import NOISE
from shared.model.drift import ENOUGH, FAR, FEWER, SEEN, STANDARD_ERRORS, comparable_groups
from shared.model.parts import count_members
from shared.settings import Settings
from shared.stores.base import MissingError, Store


@dataclass(frozen=True, slots=True)
class Drifting:
    """A group that is not met as it was trained."""

    id: int
    name: str
    """Empty where it has none."""
    what: Literal["fewer", "stranger"]
    trained: float
    """Its share of the pictures that training put into groups."""
    now: float
    """Its share of the index's documents in groups."""
    edge: float | None
    """Median distance of its documents to their nearest core samples, in radii; None where too few are known."""


def read_drift(documents: SearchClient, fields: set[str], settings: Settings) -> list[Drifting]:
    """Groups of the served model that drift, by id; none where the index keeps no groups.

    Raises StoreError, BundleError, and csv.Error, KeyError or ValueError where assignments.csv is damaged.
    """
    store, release = served_release(settings)
    served = fetch_served(store, settings.model_name, release)
    if not {"cluster_id", "distance", "model_version"} <= fields:
        return []
    trained = served.bundle.manifest.members or _trained(store, release.folder)
    found = (
        (int(one["cluster_id"]), float(one["distance"] or 0))
        for one in every(documents, ["cluster_id", "distance", "model_version"], f"cluster_id gt {NOISE}")
        if (one["model_version"] or "").partition("-")[0] in served.comparable
    )
    return compare(trained, found, served)


def compare(trained: Mapping[int, int], found: Iterable[tuple[int, float]], served: Served) -> list[Drifting]:
    """`trained`: pictures by group; `found`: group and distance of each document in a group."""
    labels = served.bundle.labels
    _, radius, _ = apply_edits(served.bundle.arrays, labels)
    distances: dict[int, list[float]] = {}
    for group, distance in found:
        distances.setdefault(group, []).append(distance)
    of_trained, of_found = sum(trained.values()), sum(map(len, distances.values()))
    drifting: list[Drifting] = []
    for group in sorted(comparable_groups(trained, served.bundle.arrays, labels)):
        if not of_found:
            break
        given = distances.get(group, [])
        share, now = trained[group] / of_trained, len(given) / of_found
        edge = _edge(given, float(radius[group]))
        error = sqrt(share * (1 - share) / of_found)
        fewer = now < FEWER * share and share - now > STANDARD_ERRORS * error
        stranger = edge is not None and edge > FAR
        name = ", ".join(labels.labels.get(group, ()))
        kinds: Sequence[tuple[bool, Literal["fewer", "stranger"]]] = ((fewer, "fewer"), (stranger, "stranger"))
        drifting += [Drifting(group, name, what, share, now, edge) for holds, what in kinds if holds]
    return drifting


def _edge(distances: Sequence[float], radius: float) -> float | None:
    unseen = [distance / radius for distance in distances if distance > SEEN * radius]
    return median(unseen) if len(unseen) >= ENOUGH else None


def _trained(store: Store, folder: str) -> dict[int, int]:
    """How many pictures training put into each group; none where the version was published without telling."""
    try:
        content = store.read(f"{folder}/{ASSIGNMENTS}").content
    except MissingError:
        return {}
    return count_members(row.cluster for row in parse_rows(content.decode()))
