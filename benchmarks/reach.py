"""`python -m benchmarks.reach`: labels with and without near misses, on held-out pictures of the labelled sets.

Of each set, some kinds are trained on 7 pictures in 10; the other 3 are asked for, with a quarter as many pictures of
kinds never trained on. A group means the kind that most of its pictures are of. Precision is the share of the labels
given that are right, recall the share of pictures of kinds that got a group whose label is right.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.eps.embedding import embed_labelled
from benchmarks.eps.packages import UnavailableError
from benchmarks.eps.sets import SETS, prepare
from shared.embedding.embedder import Vectors
from shared.model.core_samples import CoreSamples
from training.clustering.clusters import find_clusters
from training.clustering.eps import choose_eps
from training.clustering.reach import find_reach

_ROUNDS = 12
_MOST = 300

type Rates = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reach", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[one.name for one in SETS], help="some of the sets")
    options = parser.parse_args()
    print(f"{'precision, recall':16}  {'strict':10}  with suggestions")
    every: list[tuple[Rates, Rates]] = []
    for one in SETS:
        if options.only and one.name not in options.only:
            continue
        try:
            every.append(_measure(prepare(one)))
        except UnavailableError as error:
            print(f"{one.name} left out: {error} ({one.source})")
            continue
        _print(one.name, *every[-1])
    strict, suggested = np.mean(every, axis=0)
    _print("mean", tuple(strict), tuple(suggested))


def _print(name: str, strict: Rates, suggested: Rates) -> None:
    print(f"{name:16}  {strict[0]:.2f}  {strict[1]:.2f}  {suggested[0]:.2f}  {suggested[1]:.2f}", flush=True)


def _measure(folder: Path) -> tuple[Rates, Rates]:
    flat, labels = embed_labelled(folder)
    vectors = flat.reshape(len(flat), 49, -1).mean(axis=1)
    chance = np.random.default_rng(0)
    totals = np.sum([_round(vectors, labels, chance) for _ in range(_ROUNDS)], axis=0)
    right, given, known = totals.T
    strict, suggested = zip(right / given, right / known, strict=True)
    return strict, suggested


def _round(vectors: Vectors, labels: NDArray[np.str_], chance: np.random.Generator) -> NDArray[np.float64]:
    """Right labels, labels given and pictures of known kinds: a row strict, a row with suggestions."""
    kinds = np.unique(labels)
    some = chance.choice(kinds, chance.integers(3, min(10, len(kinds)) + 1), replace=False)
    rows = chance.permutation(np.flatnonzero(np.isin(labels, some)))[:_MOST]
    strangers = chance.permutation(np.flatnonzero(~np.isin(labels, some)))
    trained, asked = np.split(rows, [len(rows) * 7 // 10])
    asked = np.concatenate([asked, strangers[: len(asked) // 4]])
    eps = choose_eps(vectors[trained]).eps
    clusters = find_clusters(vectors[trained], eps=eps, min_samples=3, metric="cosine")
    core = CoreSamples(vectors[trained][clusters.core], clusters.labels[clusters.core], "cosine")
    meanings = np.array(
        [
            Counter(labels[trained][clusters.labels == one].tolist()).most_common(1)[0][0]
            for one in range(clusters.count)
        ]
    )
    nearest = core.nearest(vectors[asked])
    reach = find_reach(vectors[trained], clusters, "cosine")
    known = np.isin(labels[asked], meanings).sum()
    found: list[tuple[float, float, float]] = []
    for limit in (clusters.eps, reach):
        given = nearest.distances <= limit[nearest.clusters]
        right = given & (meanings[nearest.clusters] == labels[asked])
        found.append((float(right.sum()), float(given.sum()), float(known)))
    return np.array(found, dtype=np.float64)


if __name__ == "__main__":
    main()
