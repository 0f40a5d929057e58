"""Choosing DBSCAN's eps from the pictures alone.

The pictures are joined to their nearest neighbours, and eps is where DBSCAN's groups cut that network best: where the
modularity (Newman and Girvan, 2004) is greatest. It is the share of the links that stay inside a group, less the share
that would if links fell at random among pictures as well connected. Too small an eps leaves most links outside the
groups; too large an eps merges them into one giant, which chance explains entirely. Both score nothing, on any scale of
distances. How near the choice comes to the best eps there is: `python -m benchmarks.eps`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.errors import UserError
from shared.model.core_samples import NOISE, Metric
from training.clustering.eps_sweep import Neighbours, Sweep, nearest_neighbours

# Links of each picture to its nearest others. Mean share of the best adjusted Rand index with 2, 3, 4, 5 and 10 links,
# on 200 subsets of five labelled sets: averaged 0.915, 0.915, 0.920, 0.905, 0.888, flattened 0.897, 0.910, 0.916,
# 0.914, 0.907. On 480 subsets of 6 to 30 pictures, with groups of as few as 3, three links did best.
_LINKS = 3
# The curve is computed at every eps that matters up to so many, evenly spaced among them beyond (some 200 pictures).
_CURVE_POINTS = 500
# Where nothing beats chance, pictures more than so many times as far away as the others are from each other stay out.
_OUTLYING = 2.0
# Identical pictures: any eps will do that lets a recompressed copy in, which is about 0.0005 away (cosine).
_SAME = 1e-3
# Scores below this: noise always, 63% of 68 groups taken for themselves, 3.5% of 200 subsets of several groups.
_WEAK = 0.25


class NoGroupsError(UserError):
    """There can't be a group, whatever eps is. The message says what to try."""


@dataclass(frozen=True, slots=True)
class EpsCurve:
    """What DBSCAN finds as eps grows; all arrays have the same length."""

    eps: NDArray[np.float64]
    """Ascending, in the metric's units."""
    clusters: NDArray[np.int32]
    coverage: NDArray[np.float64]
    """Share of the pictures that are in a cluster."""
    largest: NDArray[np.float64]
    """Share of the pictures that are in the largest cluster."""
    score: NDArray[np.float64]
    """Modularity of the clusters, below 1; about 0 for none and for one that holds everything."""


@dataclass(frozen=True, slots=True)
class EpsChoice:
    eps: float
    curve: EpsCurve
    reason: str
    """Why this eps, in a sentence without a full stop."""


def choose_eps(vectors: NDArray[np.float32], *, min_samples: int = 3, metric: Metric = "cosine") -> EpsChoice:
    """Choose eps for DBSCAN over n vectors, shape (n, dimensions).

    The same vectors give the same choice, in whatever order they come. Raises NoGroupsError for fewer than min_samples.
    """
    if len(vectors) < max(min_samples, 2):
        raise NoGroupsError(
            f"pictures: {len(vectors)}, fewer than a group takes (--min-samples {min_samples}): "
            "add pictures, ten or more of each kind, or give a smaller --min-samples"
        )
    neighbours = nearest_neighbours(vectors, metric, max(min_samples - 1, _LINKS))
    sweep = Sweep(neighbours, min_samples)
    events = sweep.events()
    curve = _curve(sweep, _Links(neighbours), events)
    best = int(curve.score.argmax())
    if curve.score[best] <= 0:
        eps = _round_between(*_before_outliers(events))
        return EpsChoice(eps, curve, "nothing sets groups apart here, so what is not far off is taken for one group")
    return EpsChoice(_round_between(*_span(curve, best, events)), curve, _reason(curve, best))


class _Links:
    """The network that groups are judged by: every picture linked to its nearest ones."""

    def __init__(self, neighbours: Neighbours) -> None:
        nearest = neighbours.indices[:, :_LINKS]
        total, count = nearest.shape
        ends = np.stack([np.repeat(np.arange(total), count), nearest.ravel()])
        self._one, self._other = np.unique(np.sort(ends, axis=0), axis=1)
        self._degrees = np.bincount(self._one, minlength=total) + np.bincount(self._other, minlength=total)

    def modularity(self, labels: NDArray[np.int32]) -> float:
        """How much better than chance these clusters keep links inside; a picture in none keeps none."""
        grouped = labels != NOISE
        inside = np.count_nonzero((labels[self._one] == labels[self._other]) & grouped[self._one])
        degrees = np.bincount(labels[grouped], weights=self._degrees[grouped])
        links = len(self._one)
        return inside / links - float(np.square(degrees).sum()) / (2 * links) ** 2


def _curve(sweep: Sweep, links: _Links, events: NDArray[np.float32]) -> EpsCurve:
    picked = np.linspace(0, len(events) - 1, min(len(events), _CURVE_POINTS)).round().astype(np.intp)
    clusters: list[int] = []
    coverage: list[float] = []
    largest: list[float] = []
    score: list[float] = []
    for eps in events[picked]:
        labels = sweep.labels(eps)
        sizes = np.bincount(labels[labels != NOISE])
        clusters.append(int(np.count_nonzero(sizes)))
        coverage.append(sizes.sum() / len(labels))
        largest.append(sizes.max() / len(labels))
        score.append(links.modularity(labels))
    return EpsCurve(
        events[picked].astype(np.float64),
        np.array(clusters, dtype=np.int32),
        np.array(coverage),
        np.array(largest),
        np.array(score),
    )


def _span(curve: EpsCurve, best: int, events: NDArray[np.float32]) -> tuple[float, float]:
    """From where to where the best clusters stay as they are."""
    changed = np.flatnonzero(curve.score[best:] != curve.score[best])
    last = curve.eps[best + changed[0] - 1] if len(changed) else curve.eps[-1]
    later = events[events > last]
    return float(curve.eps[best]), float(later[0]) if len(later) else float(last) * _OUTLYING


def _before_outliers(events: NDArray[np.float32]) -> tuple[float, float]:
    """The widest step from one event to the next, if it is a multiple; else beyond the last event."""
    steps = events[1:] / np.maximum(events[:-1], _SAME)
    if len(steps) and steps.max() >= _OUTLYING:
        widest = int(steps.argmax())
        return float(events[widest]), float(events[widest + 1])
    return float(events[-1]), float(events[-1]) * _OUTLYING


def _round_between(low: float, high: float) -> float:
    """The number of fewest decimals within the middle half between low and high; _SAME where there is no room.

    Well inside, so that DBSCAN finds the same however it rounds distances, and that it adopts new pictures like the
    old; of few decimals, so that the order in which pictures come does not show in the last ones.
    """
    middle, leeway = (low + high) / 2, (high - low) / 4
    candidates = (round(middle, decimals) for decimals in range(-6, 17))
    return next((eps for eps in candidates if eps > 0 and abs(eps - middle) <= leeway), _SAME)


def _reason(curve: EpsCurve, best: int) -> str:
    groups = "1 group" if curve.clusters[best] == 1 else f"{curve.clusters[best]} groups"
    found = f"{groups} with {curve.coverage[best]:.0%} of the pictures set themselves apart most here"
    if curve.score[best] < _WEAK:
        return f"{found}, but hardly (modularity {curve.score[best]:.2f}): look at them before you use them"
    return f"{found} (modularity {curve.score[best]:.2f})"
