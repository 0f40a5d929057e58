"""Groups and names against kinds that are known: train on four fifths, ask for the last fifth and for strangers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, CoreSamples
from training.clustering.choice import NoGroupsError, candidates, distances_of
from training.clustering.clusters import Parameters, find_groups
from training.clustering.neighbours import centred, distinct, nearest_neighbours
from training.clustering.sweep import Sweep

# A kind of fewer pictures has too few neighbourhoods for DBSCAN, whatever its parameters, and is left out.
SMALLEST_GROUP = 8
# The best eps is looked for among so many, evenly spaced over all at which something changes.
_TRIED = 60
_MOST_STRANGERS = 60


@dataclass(frozen=True, slots=True)
class Episode:
    """Which pictures of a set are trained on, which are asked for, and which are of kinds never trained on."""

    trained: NDArray[np.intp]
    asked: NDArray[np.intp]
    strangers: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Result:
    index: float
    """Adjusted Rand index of the groups as trained; pictures in none count as one group."""
    coverage: float
    right: float
    """Share of the unseen pictures that are named by their kind; a group means the kind of most of its pictures."""
    right_of_named: float
    """Not a number where none is named."""
    strangers_named: float
    """Not a number where there are none."""


def episodes(labels: NDArray[np.str_], count: int, seed: int) -> Iterator[Episode]:
    """Subsets of 3 to 10 kinds with 12 to 60 pictures each, a fifth of each kind unseen; last the whole set."""
    chance = np.random.default_rng(seed)
    kinds = np.unique(labels)
    for number in range(count + 1):
        whole = number == count
        most = min(10, len(kinds) - 1)
        some = kinds if whole else chance.choice(kinds, chance.integers(min(3, most), most + 1), replace=False)
        each = np.inf if whole else float(np.exp(chance.uniform(np.log(15), np.log(75))))
        trained: list[NDArray[np.intp]] = []
        asked: list[NDArray[np.intp]] = []
        for kind in some:
            rows = chance.permutation(np.flatnonzero(labels == kind))
            rows = rows[: max(10, round(min(each * chance.uniform(0.7, 1.3), len(rows))))]
            trained.append(rows[len(rows) // 5 :])
            asked.append(rows[: len(rows) // 5])
        strangers = chance.permutation(np.flatnonzero(~np.isin(labels, some)))[:_MOST_STRANGERS]
        yield Episode(np.sort(np.concatenate(trained)), np.concatenate(asked), strangers)


def evaluate(vectors: Vectors, labels: NDArray[np.str_], episode: Episode, parameters: Parameters) -> Result:
    """Train and ask. vectors: shape (n, dimensions), of the whole set; labels: shape (n,)."""
    of_trained = labels[episode.trained]
    trained = vectors[episode.trained]
    try:
        clusters = find_groups(trained, parameters).clusters
    except NoGroupsError:
        return Result(0, 0, 0, np.nan, 0 if len(episode.strangers) else np.nan)
    kinds = np.array([_most(of_trained[clusters.labels == one]) for one in range(clusters.count)])
    core = CoreSamples(trained[clusters.core], clusters.labels[clusters.core], parameters.metric)

    def named(rows: NDArray[np.intp]) -> NDArray[np.int32]:
        nearest = core.nearest(vectors[rows])
        return nearest.within(clusters.radius[nearest.clusters])

    found = named(episode.asked)
    right = (found != NOISE) & (kinds[found] == labels[episode.asked])
    any_named = (found != NOISE).any()
    return Result(
        float(adjusted_rand_score(of_trained, clusters.labels)),
        float((clusters.labels != NOISE).mean()),
        float(right.mean()),
        float(right.sum() / (found != NOISE).sum()) if any_named else np.nan,
        float((named(episode.strangers) != NOISE).mean()) if len(episode.strangers) else np.nan,
    )


def _most(kinds: NDArray[np.str_]) -> str:
    return Counter(kinds.tolist()).most_common(1)[0][0]


def best_index(vectors: Vectors, labels: Sequence[str], min_samples: int = 3) -> float:
    """The largest adjusted Rand index over all numbers of neighbours that training tries, and over all eps."""
    points = distinct(vectors, "cosine")
    near = nearest_neighbours(centred(points), "cosine", 30)
    best = 0.0
    for neighbours in candidates(len(points)):
        distances = distances_of(points.vectors, near, neighbours, "cosine")
        for _, found in Sweep(distances, points.copies, min_samples).walk(_TRIED):
            best = max(best, float(adjusted_rand_score(labels, found[points.which])))
    return best
