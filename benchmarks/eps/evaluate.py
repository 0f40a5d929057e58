"""Chosen eps against the best one there is, over many subsets of a labelled set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from shared.embedding.embedder import Vectors
from shared.model.core_samples import Metric
from training.clustering.clusters import find_clusters
from training.clustering.eps import EpsCurve, choose_eps
from training.clustering.eps_sweep import Neighbours, Sweep, nearest_neighbours

# The best eps is looked for among so many, evenly spaced over all at which something changes.
_TRIED = 250
# A group of fewer pictures has too few neighbourhoods for DBSCAN, whatever eps is, and is left out.
SMALLEST_GROUP = 8


@dataclass(frozen=True, slots=True)
class Result:
    """One subset. All but best are shares of best; 1 is as good as it gets."""

    best: float
    """The largest adjusted Rand index over all eps; pictures in no cluster count as one group."""
    chosen: float
    knee: float
    """With the textbook's eps: the knee of the sorted distances to the min_samples-th picture."""
    counting: float
    """With the eps of the largest product of clusters and coverage."""


def subsets(labels: NDArray[np.str_], count: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Rows of 3 to 10 groups, 30 to 400 pictures in all, the groups of uneven size."""
    chance = np.random.default_rng(seed)
    names, sizes = np.unique(labels, return_counts=True)
    groups = names[sizes >= SMALLEST_GROUP]
    while count:
        some = chance.choice(groups, chance.integers(3, min(10, len(groups)) + 1), replace=False)
        each = np.exp(chance.uniform(np.log(30), np.log(400))) / len(some)
        wanted = [max(3, round(each * chance.uniform(0.7, 1.3))) for _ in some]
        rows = [
            chance.permutation(np.flatnonzero(labels == group))[:size] for group, size in zip(some, wanted, strict=True)
        ]
        if sum(map(len, rows)) >= 30:
            count -= 1
            yield np.concatenate(rows)


def evaluate(vectors: Vectors, labels: Sequence[str], min_samples: int, metric: Metric) -> Result:
    """Choose eps for vectors (n, dimensions) with these n labels, and see how much better it could have been."""

    def index(found: NDArray[np.int32]) -> float:
        return float(adjusted_rand_score(labels, found))

    choice = choose_eps(vectors, min_samples=min_samples, metric=metric)
    chosen = index(find_clusters(vectors, eps=choice.eps, min_samples=min_samples, metric=metric).labels)
    neighbours = nearest_neighbours(vectors, metric, min_samples)
    sweep = Sweep(neighbours, min_samples)
    events = sweep.events()
    tried = events[np.linspace(0, len(events) - 1, min(len(events), _TRIED)).round().astype(np.intp)]
    best = max(chosen, *(index(sweep.labels(eps)) for eps in tried))
    knee, counting = (index(sweep.labels(eps)) for eps in (_knee(neighbours, min_samples), _counting(choice.curve)))
    return Result(best, *(found / best if best > 0 else 1.0 for found in (chosen, knee, counting)))


def _knee(neighbours: Neighbours, min_samples: int) -> float:
    """Where the sorted distances are farthest below the straight line from the least to the greatest."""
    distances = np.sort(neighbours.distances[:, min_samples - 1])
    line = np.linspace(distances[0], distances[-1], len(distances))
    return float(distances[(line - distances).argmax()])


def _counting(curve: EpsCurve) -> float:
    return float(curve.eps[(curve.clusters * curve.coverage).argmax()])
