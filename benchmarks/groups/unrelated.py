"""`python -m benchmarks.groups.unrelated`: what becomes of pictures that have nothing to do with one another.

And, beside them, of few pictures of a few kinds: what keeps the ones from becoming groups must not cost the others.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.groups.copies import copied
from benchmarks.groups.embedding import available
from benchmarks.groups.sets import SETS
from shared.embedding.embedder import Vectors
from training.clustering.choice import NoGroupsError
from training.clustering.clusters import Parameters, find_groups
from training.model.options import Options

# Made from the pictures of other sets: those would be in there twice.
_DERIVED = ("mixture", "wide-details", "narrow-details")
_COLLECTIONS = 60
_UNRELATED = 8, 25
_MANY = 30, 48
_KINDS = 3, 5

type Labelled = tuple[Vectors, NDArray[np.str_]]
type Outcome = Literal["none", "weak", "groups"]


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.groups.unrelated", description=__doc__).parse_args()
    chosen = (one for one in SETS if one.name not in _DERIVED)
    sets = [(vectors, labels) for _, vectors, labels in available(chosen, "rmac")]
    print(f"| {_COLLECTIONS} collections of | no groups | groups, reported as weak | groups |\n|---|---|---|---|")
    ways: dict[str, Callable[[Generator], Vectors]] = {
        "unrelated pictures, at most two of a set": lambda chance: unrelated(sets, chance, most=2),
        "unrelated pictures, one of each kind": lambda chance: unrelated(sets, chance),
        "30 to 47 unrelated pictures, one of each kind": lambda chance: unrelated(sets, chance, size=_MANY),
        "the same, a quarter of them with copies": lambda chance: with_copies(
            unrelated(sets, chance, size=_MANY), chance
        ),
        "3 or 4 kinds, 6 pictures of each": lambda chance: related(sets, chance, 6),
        "3 or 4 kinds, 12 pictures of each": lambda chance: related(sets, chance, 12),
    }
    for way, draw in ways.items():
        chance = np.random.default_rng(0)
        found = Counter(outcome(draw(chance), Options("groups").parameters()) for _ in range(_COLLECTIONS))
        print(f"| {way} | {found['none']} | {found['weak']} | {found['groups']} |", flush=True)


def unrelated(
    sets: Sequence[Labelled], chance: Generator, most: int | None = None, size: tuple[int, int] = _UNRELATED
) -> Vectors:
    """A few pictures of the sets, each of another kind, shape (n, dimensions): at most so many of a set.

    Three of a set may be taken for a group, rightly: drawings on white, or digits.
    """
    drawn: list[Vectors] = []
    for vectors, labels in sets:
        for kind in chance.permutation(np.unique(labels))[:most]:
            drawn.append(vectors[chance.choice(np.flatnonzero(labels == kind))])
    return np.stack(drawn)[chance.permutation(len(drawn))[: int(chance.integers(*size))]]


def with_copies(pictures: Vectors, chance: Generator) -> Vectors:
    return np.concatenate([pictures, copied(pictures, chance)[0]])


def related(sets: Sequence[Labelled], chance: Generator, each: int) -> Vectors:
    """So many pictures of each of a few kinds of one set, fewer where there are not so many: shape (n, dimensions)."""
    vectors, labels = sets[int(chance.integers(len(sets)))]
    kinds = chance.permutation(np.unique(labels))[: int(chance.integers(*_KINDS))]
    rows = [chance.permutation(np.flatnonzero(labels == kind))[:each] for kind in kinds]
    return vectors[np.concatenate(rows)]


def outcome(vectors: Vectors, parameters: Parameters) -> Outcome:
    try:
        choice = find_groups(vectors, parameters).choice
    except NoGroupsError:
        return "none"
    return "weak" if choice and choice.weak else "groups"


if __name__ == "__main__":
    main()
