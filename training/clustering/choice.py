"""Choosing DBSCAN's parameters from the pictures alone: how many neighbours, and eps.

The pictures are joined to their nearest neighbours, and the parameters are those with which DBSCAN's groups cut that
network best: where the modularity (Newman and Girvan, 2004) is greatest. It is the share of the links that stay inside
a group, less the share that would if links fell at random among pictures as well connected. Too small an eps leaves
most links outside the groups; too large an eps merges them into one giant, which chance explains entirely. Both score
nothing, on any scale of distances. How near the choice comes to the best there is: `python -m benchmarks.groups`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from shared.errors import UserError
from shared.model.core_samples import NOISE, Metric
from training.clustering.neighbours import Neighbours
from training.clustering.reciprocal import jaccard_distances, listed_distances
from training.clustering.sweep import Sweep

# Links of each picture to its nearest others. Mean share of the best adjusted Rand index with 2, 3, 4, 5 and 10 links,
# on 200 subsets of five labelled sets: averaged 0.915, 0.915, 0.920, 0.905, 0.888, flattened 0.897, 0.910, 0.916,
# 0.914, 0.907. On 480 subsets of 6 to 30 pictures, with groups of as few as 3, three links did best.
_LINKS = 3
# Numbers of neighbours that are tried. Mean index over eight labelled sets, 40 subsets and wholes (R-MAC, centred): the
# best of 10, 15 and 20 by modularity 0.559, with 6 beside them 0.534, of 15 to 30 0.542; always 10 0.547, 20 0.534.
_NEIGHBOURS = (10, 15, 20)
# Of fewer pictures, a kind has not so many: a quarter of all at most. Of fewer than so many nothing can be told by the
# neighbours they share, and plain DBSCAN has to do.
_LEAST_KINDS = 4
FEWEST = 20
# The curve is computed at every eps that matters up to so many, evenly spaced among them beyond.
_CURVE_POINTS = 100
# Identical pictures: any eps will do that lets a recompressed copy in, which is about 0.0005 away (cosine).
_SAME = 1e-3
# Share of the pictures with as many copies as a group takes, beyond which unlike ones are groups by themselves.
_COPIED = 0.5
# Scores below this: by shared neighbours 48 collections of 48 unrelated pictures (up to 24, one of each kind), and 1 of
# 39 labelled ones. Plain DBSCAN: noise always, 63% of 68 groups taken for themselves, 3.5% of 200 labelled subsets.
_WEAK = 0.5
_WEAK_PLAIN = 0.25


class NoGroupsError(UserError):
    """There is no group in these pictures. The message says what to try."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What DBSCAN finds as eps grows; all arrays have the same length."""

    eps: NDArray[np.float64]
    """Ascending."""
    clusters: NDArray[np.int32]
    coverage: NDArray[np.float64]
    """Share of the pictures that are in a cluster."""
    largest: NDArray[np.float64]
    """Share of the pictures that are in the largest cluster."""
    score: NDArray[np.float64]
    """Modularity of the clusters, below 1; about 0 for none and for one that holds everything."""


@dataclass(frozen=True, slots=True)
class Choice:
    neighbours: int
    """How many of each picture's count; 0 for plain DBSCAN on the embeddings."""
    eps: float
    """A Jaccard distance; for plain DBSCAN a distance between embeddings."""
    curve: Curve
    score: float
    weak: bool
    """Whether groups hardly set themselves apart: unrelated pictures score as much."""
    reason: str
    """Why these, in a sentence without a full stop."""


def choose(
    points: NDArray[np.float32],
    copies: NDArray[np.integer],
    near: Neighbours,
    neighbours: int | None,
    min_samples: int,
    metric: Metric,
) -> tuple[Choice, csr_array]:
    """Choose eps, and the number of neighbours unless it is given; with the distances between points that it goes by.

    points: shape (n, dimensions); copies: of how many pictures each one is, shape (n,).
    """
    counts = candidates(len(points)) if neighbours is None else [neighbours]

    def best(links: _Links) -> tuple[Choice, csr_array]:
        def tried(count: int) -> tuple[Choice, csr_array]:
            distances = distances_of(points, near, count, metric)
            return _choose_eps(Sweep(distances, copies, min_samples), links, copies, count), distances

        return max(map(tried, counts), key=lambda found: found[0].score)

    if counts == [0]:
        return best(_Links(near, copies))
    # That copies belong together says nothing about other pictures.
    found = best(_Links(near, np.ones_like(copies)))
    if found[0].weak and (copies >= min_samples).mean() > _COPIED:
        return best(_Links(near, copies))
    return found


def candidates(points: int) -> Sequence[int]:
    """Numbers of neighbours that are tried for so many points."""
    if points < FEWEST:
        return [0]
    return [count for count in _NEIGHBOURS if count <= points / _LEAST_KINDS] or [points // _LEAST_KINDS]


def distances_of(points: NDArray[np.float32], near: Neighbours, neighbours: int, metric: Metric) -> csr_array:
    """The distances that DBSCAN goes by, as reciprocal.jaccard_distances returns them."""
    if neighbours == 0:
        return listed_distances(points, near, metric)
    return jaccard_distances(points, near, neighbours, metric)


def _choose_eps(sweep: Sweep, links: _Links, copies: NDArray[np.integer], neighbours: int) -> Choice:
    events = sweep.events()
    if not len(events):
        raise NoGroupsError(
            "no groups found: no picture has enough others near it. Add pictures, ten or more of each kind, "
            "or give a smaller --min-samples"
        )
    curve = _curve(sweep, links, copies)
    best = int(curve.score.argmax())
    if curve.score[best] <= 0:
        eps = max(float(curve.eps[-1]), _SAME)
        reason = "nothing sets groups apart here, so that all there is would be one group"
        return Choice(neighbours, eps, curve, 0.0, True, reason)
    eps = _round_between(*_span(curve, best, events))
    score = float(curve.score[best])
    weak = score < (_WEAK if neighbours else _WEAK_PLAIN)
    return Choice(neighbours, eps, curve, score, weak, _reason(curve, best, weak=weak))


class _Links:
    """The network that groups are judged by: every picture linked to its nearest ones, its own copies first."""

    def __init__(self, near: Neighbours, copies: NDArray[np.integer]) -> None:
        total = len(copies)
        # Copies are nearest to each other; a point that has enough of them is linked to no other.
        own = np.minimum(copies - 1, _LINKS)
        outward = np.arange(min(_LINKS, near.indices.shape[1])) < (_LINKS - own)[:, None]
        starts, place = np.nonzero(outward)
        ends = near.indices[starts, place]
        pairs = np.minimum(starts, ends) * len(copies) + np.maximum(starts, ends)
        pairs, which = np.unique(pairs, return_inverse=True)
        once = np.divmod(pairs, len(copies))
        weight = np.zeros(len(pairs))
        np.maximum.at(weight, which, copies[starts])
        inner = np.flatnonzero(own)
        self._one, self._other = np.concatenate([np.stack(once), [inner, inner]], axis=1)
        self._weight = np.concatenate([weight, (copies * own / 2)[inner]])
        self._degrees = np.bincount(self._one, self._weight, total) + np.bincount(self._other, self._weight, total)

    def modularity(self, labels: NDArray[np.int32]) -> float:
        """How much better than chance these clusters keep links inside; a picture in none keeps none."""
        grouped = labels != NOISE
        inside = self._weight[(labels[self._one] == labels[self._other]) & grouped[self._one]].sum()
        degrees = np.bincount(labels[grouped], weights=self._degrees[grouped])
        links = self._weight.sum()
        return float(inside / links - np.square(degrees).sum() / (2 * links) ** 2)


def _curve(sweep: Sweep, links: _Links, copies: NDArray[np.integer]) -> Curve:
    pictures = copies.sum()
    found: list[tuple[float, ...]] = []
    for eps, labels in sweep.walk(_CURVE_POINTS):
        grouped = labels != NOISE
        sizes = np.bincount(labels[grouped], copies[grouped])
        shares = sizes.sum() / pictures, sizes.max() / pictures
        found.append((eps, float(np.count_nonzero(sizes)), *map(float, shares), links.modularity(labels)))
    eps, clusters, coverage, largest, score = np.array(found).T
    return Curve(eps, clusters.astype(np.int32), coverage, largest, score)


def _span(curve: Curve, best: int, events: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where the best clusters stay as they are."""
    changed = np.flatnonzero(curve.score[best:] != curve.score[best])
    last = curve.eps[best + changed[0] - 1] if len(changed) else curve.eps[-1]
    later = events[events > last]
    return float(curve.eps[best]), float(later[0]) if len(later) else float(last)


def _round_between(low: float, high: float) -> float:
    """The number of fewest decimals within the middle half between low and high; _SAME where there is no room.

    Well inside, so that DBSCAN finds the same however it rounds distances; of few decimals, so that people can read it.
    """
    middle, leeway = (low + high) / 2, (high - low) / 4
    candidates = (round(middle, decimals) for decimals in range(-6, 17))
    return next((eps for eps in candidates if eps > 0 and abs(eps - middle) <= leeway), max(high, _SAME))


def _reason(curve: Curve, best: int, *, weak: bool) -> str:
    groups = "1 group" if curve.clusters[best] == 1 else f"{curve.clusters[best]} groups"
    found = f"{groups} with {curve.coverage[best]:.0%} of the pictures set themselves apart most here"
    if weak:
        return f"{found}, but hardly (modularity {curve.score[best]:.2f}): look at them before you use them"
    return f"{found} (modularity {curve.score[best]:.2f})"
