"""Which cluster an embedding belongs to, with everything that a person decided about the clusters.

What a person placed answers as decided, and is a core sample of its cluster from then on. Everything else goes to its
nearest core sample, within that cluster's radius, unless that cluster is marked as no group. Proposed clusters are
not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.model.bundle import Arrays, Labels
from shared.model.core_samples import NOISE, CoreSamples, Metric
from shared.model.exclusions import counterexamples, find_excluded
from shared.model.parts import next_id
from shared.model.remembered import Lookup


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where n embeddings belong; arrays have shape (n,)."""

    clusters: NDArray[np.int32]
    """NOISE outside every cluster."""
    near: NDArray[np.int32]
    """The nearest cluster, near or far; NOISE where there is none, or where none may be suggested."""
    distances: NDArray[np.float32]
    """To that cluster's nearest core sample."""
    decided: NDArray[np.bool_]
    """Whether a person said so, whatever core samples there are."""

    @staticmethod
    def nowhere(count: int) -> Assigned:
        """So many that are in no cluster, and near none."""
        clusters, near = np.full((2, count), NOISE, dtype=np.int32)
        return Assigned(clusters, near, np.full(count, np.inf, dtype=np.float32), np.zeros(count, dtype=np.bool_))

    def of(self, rows: NDArray[np.intp]) -> Assigned:
        return Assigned(self.clusters[rows], self.near[rows], self.distances[rows], self.decided[rows])

    def put(self, rows: NDArray[np.intp] | list[int], found: Assigned) -> None:
        """What was found for these rows, in their order."""
        self.clusters[rows], self.near[rows] = found.clusters, found.near
        self.distances[rows], self.decided[rows] = found.distances, found.decided


class Assigner:
    """Immutable, safe to share between threads."""

    def __init__(
        self, arrays: Arrays, labels: Labels, metric: Metric, categories: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        clusters, self.radius, self.reach = apply_edits(arrays, labels)
        kept = clusters != NOISE
        placed = [entry for entry in labels.edits.placed if entry.cluster not in (NOISE, *labels.proposed)]
        vectors = [arrays.vectors[kept], *(entry.embedding()[None] for entry in placed)]
        ids = [*clusters[kept].tolist(), *(entry.cluster for entry in placed)]
        self._core = CoreSamples(
            np.concatenate(vectors), np.array(ids, dtype=np.int32), metric, counterexamples(labels.edits.excluded)
        )
        self._not_groups = np.array(labels.not_groups, dtype=np.int32)
        decided = (*labels.edits.placed, *labels.edits.held)
        self._decided = Lookup([entry for entry in decided if entry.cluster not in labels.proposed])
        # By the clusters as trained: what a split made of one stays in its category.
        trained = arrays.clusters[kept]
        self._among = {
            category: np.concatenate(
                [np.isin(trained, known), np.array([entry.category in (None, category) for entry in placed], np.bool_)]
            )
            for category, known in (categories or {}).items()
        }

    def assign(self, vectors: NDArray[np.float32], category: str | None = None) -> Assigned:
        """Assign embeddings of shape (n, dimensions).

        With a category, only that category's clusters count, if the model was trained by category at all.
        """
        among = None
        if category is not None and self._among:
            among = self._among.get(category, np.zeros(len(self._core.clusters), dtype=np.bool_))
        nearest = self._core.nearest(vectors, among)
        clusters = nearest.within(self.radius[nearest.clusters])
        decided = np.zeros(len(vectors), dtype=np.bool_)
        for row, entry in self._decided.find(vectors).items():
            if among is not None and entry.category not in (None, category):
                continue
            clusters[row], decided[row] = entry.cluster, True
            if entry.cluster != nearest.clusters[row]:
                nearest.clusters[row] = entry.cluster
                if entry.cluster != NOISE:
                    nearest.distances[row] = self._core.distances_to(entry.cluster, vectors[[row]])[0]
        # What is nearest to a cluster that is no group is in none, rather than in the next one.
        if (rows := np.flatnonzero(np.isin(nearest.clusters, self._not_groups))).size:
            clusters[rows] = nearest.clusters[rows] = NOISE
            others = ~np.isin(self._core.clusters, self._not_groups)
            nearest.distances[rows] = self._core.nearest(
                vectors[rows], others if among is None else others & among
            ).distances
        return Assigned(clusters, nearest.clusters, nearest.distances, decided)

    def assign_each(self, vectors: NDArray[np.float32], categories: Sequence[str | None]) -> Assigned:
        """Assign embeddings of shape (n, dimensions), each within its own category, of which there are n."""
        found = Assigned.nowhere(len(vectors))
        for category in dict.fromkeys(categories):
            rows = [row for row, other in enumerate(categories) if other == category]
            found.put(rows, self.assign(vectors[rows], category))
        return found


def apply_edits(arrays: Arrays, labels: Labels) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """The clusters as a person left them: cluster of each core sample (NOISE where it no longer counts), radius, reach.

    Both limits are by id, and 0 for ids that are not in use.

    A cluster that is marked as no group keeps its core samples, one that is proposed does not count. One that a person
    made suggests nothing beyond its radius: its reach was never calibrated.
    """
    clusters = arrays.clusters.copy()
    for sample, cluster in labels.edits.core.items():
        clusters[sample] = cluster
    for sample, excluded in find_excluded(labels.edits.excluded, arrays.vectors).items():
        if clusters[sample] in excluded.clusters:
            clusters[sample] = NOISE
    clusters[np.isin(clusters, labels.proposed)] = NOISE
    return clusters, _with_made(arrays.eps, labels), _with_made(arrays.reach, labels)


def _with_made(trained: NDArray[np.float32], labels: Labels) -> NDArray[np.float32]:
    """By id, with the clusters that a person made."""
    limits = np.zeros(next_id(len(trained), labels), dtype=np.float32)
    limits[: len(trained)] = trained
    for cluster, eps in labels.edits.eps.items():
        limits[cluster] = eps
    return limits
