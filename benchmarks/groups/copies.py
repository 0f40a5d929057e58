"""`python -m benchmarks.groups.copies`: groups of pictures some of which are there several times, scaled or compressed.

Of each set some kinds are drawn, and a quarter of their pictures get one to three copies: embeddings that are moved as
far as compressing again moves them. The index counts the pictures themselves, so that it should not change.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from benchmarks.groups.embedding import available
from benchmarks.groups.sets import SETS
from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE
from training.clustering.choice import NoGroupsError
from training.clustering.clusters import find_groups
from training.model.options import Options

_COLLECTIONS = 5
_KINDS = 4, 10
_EACH = 12, 50
_COPIED = 4
_COPIES = 1, 4
# Cosine distances that pictures were moved by when they were compressed again (training/clustering/copies.py).
_MOVED = 2e-4, 4e-3


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.groups.copies", description=__doc__).parse_args()
    print("| set | index | with copies | groups | with copies | of them of one picture's |\n|---|---|---|---|---|---|")
    found: list[NDArray[np.float64]] = []
    for one, vectors, labels in available(SETS, "rmac"):
        chance = np.random.default_rng(5)
        found.append(np.mean([measure(vectors, labels, chance) for _ in range(_COLLECTIONS)], axis=0))
        print(row(one.name, found[-1]), flush=True)
    print(row("mean", np.mean(found, axis=0)))


def row(name: str, found: NDArray[np.float64]) -> str:
    index, copied, *counts = found.tolist()
    return f"| {name} | {index:.3f} | {copied:.3f} | " + " | ".join(f"{count:.1f}" for count in counts) + " |"


def measure(vectors: Vectors, labels: NDArray[np.str_], chance: Generator) -> list[float]:
    """Index without and with copies, groups without and with them, and those that hold the copies of one picture."""
    kinds = chance.permutation(np.unique(labels))[: chance.integers(*_KINDS)]
    rows = np.concatenate(
        [chance.permutation(np.flatnonzero(labels == kind))[: chance.integers(*_EACH)] for kind in kinds]
    )
    pictures, known = vectors[rows], labels[rows]
    copies, of = copied(pictures, chance)
    without, found = groups(pictures), groups(np.concatenate([pictures, copies]))
    which = np.concatenate([np.arange(len(pictures)), of])
    of_one = sum(len({*which[found == group].tolist()}) == 1 for group in range(found.max() + 1))
    return [
        float(adjusted_rand_score(known, without)),
        float(adjusted_rand_score(known, found[: len(pictures)])),
        float(without.max() + 1),
        float(found.max() + 1),
        float(of_one),
    ]


def copied(pictures: Vectors, chance: Generator) -> tuple[Vectors, NDArray[np.intp]]:
    """Copies of some of n pictures, and the picture that each one is of."""
    some = chance.permutation(len(pictures))[: len(pictures) // _COPIED]
    of = np.repeat(some, chance.integers(*_COPIES, len(some)))
    noise = chance.normal(size=(len(of), pictures.shape[1]))
    moved = np.sqrt(2 * chance.uniform(*_MOVED, (len(of), 1))) * np.linalg.norm(pictures[of], axis=1, keepdims=True)
    return (pictures[of] + moved * noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32), of


def groups(vectors: Vectors) -> NDArray[np.int32]:
    try:
        return find_groups(vectors, Options("groups").parameters()).clusters.labels
    except NoGroupsError:
        return np.full(len(vectors), NOISE, dtype=np.int32)


if __name__ == "__main__":
    main()
