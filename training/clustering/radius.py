"""How far each group reaches, in distances between embeddings: what serving goes by.

Groups are found by the neighbours that pictures share. A new picture is only compared with core samples, and how near
it must be differs from group to group. The training pictures tell: a group's own, each left out in turn, say how near
its pictures are to one another; all others say where strangers begin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.model.core_samples import NOISE, CoreSamples, Metric, distance
from training.clustering.dbscan import Grouped
from training.clustering.neighbours import Neighbours, Points

# A radius lies halfway between where most of the group's own pictures are and where the nearest strangers begin, but
# no further than the farthest of its own: strangers may be worlds away from a tight group. Of unseen pictures .63 are
# named right so, .78 of those named, and .29 of pictures of kinds never trained on are named, too; with 0.95 of the
# group's own alone .67, .77 and .40, with 0.8 of them .55, .78 and .23, with 0.02 of the strangers alone .63, .78 and
# .35; plain DBSCAN's eps .50, .66 and .27 (seven or eight labelled sets, six subsets and the whole of each).
_OWN = 0.85
_STRANGERS = 0.02
# The least radius, for groups of copies: a picture that was compressed again moves by 0.0005 (cosine).
_SAME = 1e-3
# The share of strangers that a reach may let in. Measured with one eps for all groups, ten labelled sets with a fifth
# of the pictures of kinds never seen: strict labels had precision 0.65 and recall 0.69, with suggestions 0.63 and 0.74.
_SUGGESTED = 0.05
_BEYOND = 1.1
# Points that are asked about as strangers: where there are more, evenly spaced ones.
_ASKED = 2_000
# Core samples that they are compared with at a time: some 30 MB.
_CORE = 4096
# Pairs compared at a time: some 50 MB.
_PAIRS = 20_000


@dataclass(frozen=True, slots=True)
class Closeness:
    """How near the points of each cluster are to its core samples, and how near all others come."""

    own: tuple[NDArray[np.float32], ...]
    """By cluster, the distance of each of its points to the nearest other core sample of it that is listed."""
    strangers: tuple[NDArray[np.float32], ...]
    """By cluster, distances of other points to its nearest core sample."""

    @property
    def typical(self) -> NDArray[np.float32]:
        """By cluster, how far its points typically are from one another, shape (clusters,)."""
        return np.array([np.median(own) for own in self.own], dtype=np.float32)

    def radius(self) -> NDArray[np.float32]:
        """The radius of each cluster, shape (clusters,)."""
        found = [
            min((np.quantile(own, _OWN) + np.quantile(others, _STRANGERS)) / 2, own.max()) if len(others) else own.max()
            for own, others in zip(self.own, self.strangers, strict=True)
        ]
        return np.maximum(np.array(found, dtype=np.float32), np.float32(_SAME))

    def reach(self, radius: NDArray[np.float32]) -> NDArray[np.float32]:
        """Up to where each cluster may be suggested for a near miss, shape (clusters,): at least its radius."""
        found = [
            np.quantile(others, _SUGGESTED) if len(others) else _BEYOND * own
            for others, own in zip(self.strangers, radius, strict=True)
        ]
        return np.maximum(np.array(found, dtype=np.float32), radius)


def measure_closeness(
    points: Points, near: Neighbours, grouped: Grouped, metric: Metric, strangers: NDArray[np.float32] | None = None
) -> Closeness:
    """`near` lists neighbours of each point; how far they are from it is worked out anew, by the metric.

    `strangers` are others besides, shape (m, dimensions).
    """
    own = own_distances(points, near, grouped, metric)
    others, asked = stranger_distances(points, grouped, metric)
    found = [others[grouped.labels[asked] != cluster, cluster] for cluster in range(grouped.count)]
    if strangers is not None:
        cores = (points.vectors[grouped.core & (grouped.labels == cluster)] for cluster in range(grouped.count))
        samples = (CoreSamples(core, np.zeros(len(core), dtype=np.int32), metric) for core in cores)
        found = [
            np.concatenate([known, core.nearest(strangers).distances])
            for known, core in zip(found, samples, strict=True)
        ]
    return Closeness(tuple(own[rows][np.isfinite(own[rows])] for rows in rows_by_cluster(grouped)), tuple(found))


def rows_by_cluster(grouped: Grouped) -> list[NDArray[np.intp]]:
    """The rows of each cluster's points, ascending."""
    order = np.argsort(grouped.labels, kind="stable")
    return np.split(order, np.searchsorted(grouped.labels[order], np.arange(grouped.count + 1)))[1:-1]


def stranger_distances(
    points: Points, grouped: Grouped, metric: Metric
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Distances of evenly spaced points to the nearest core sample of each cluster, shape (asked, clusters).

    With the rows of the points that were asked about.
    """
    asked = np.arange(0, len(points), -(-len(points) // _ASKED))
    targets = points.vectors[asked]
    core = np.flatnonzero(grouped.core)
    core = core[np.argsort(grouped.labels[core], kind="stable")]
    best = np.full((len(asked), grouped.count), -np.inf, dtype=np.float32)
    for start in range(0, len(core), _CORE):
        some = core[start : start + _CORE]
        vectors = points.vectors[some]
        scores = targets @ vectors.T - np.square(vectors).sum(axis=1) / 2
        clusters, starts = np.unique(grouped.labels[some], return_index=True)
        best[:, clusters] = np.maximum(best[:, clusters], np.maximum.reduceat(scores, starts, axis=1))
    squared = np.maximum(0, np.square(targets).sum(axis=1)[:, None] - 2 * best)
    return (squared / 2 if metric == "cosine" else np.sqrt(squared)).astype(np.float32), asked


def own_distances(points: Points, near: Neighbours, grouped: Grouped, metric: Metric) -> NDArray[np.float32]:
    """Of each point to the nearest other core sample of its cluster, shape (n,); infinite for NOISE.

    Where no other is listed, how far its copies are; 0 where it is alone.
    """
    clusters = np.where(grouped.core, grouped.labels, NOISE)[near.indices]
    own = (clusters == grouped.labels[:, None]) & (clusters != NOISE)
    found = np.full(len(points), np.inf, dtype=np.float32)
    starts, place = np.nonzero(own)
    for start in range(0, len(starts), _PAIRS):
        some = slice(start, start + _PAIRS)
        ends = near.indices[starts[some], place[some]]
        np.minimum.at(found, starts[some], distance(points.vectors[starts[some]], points.vectors[ends], metric))
    alone = np.bincount(grouped.labels + 1)[grouped.labels + 1] == 1  # with min_samples 1
    by_copies = (grouped.labels != NOISE) & np.isinf(found) & (alone | (points.copies > 1))
    found[by_copies] = points.spread[by_copies]
    return found
