"""`python -m benchmarks.stream`: kinds that come after training, found by `update` as their pictures come in.

Each labelled set is trained on seven tenths of its kinds; the pictures of the others come in ten parts, mixed, each
brought in by `update`. A kind counts as found by a new group of which four fifths or more are of it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from benchmarks.groups.embedding import embedded, pooled
from benchmarks.groups.packages import UnavailableError
from benchmarks.groups.sets import SETS, prepare
from shared.embedding.embedder import Vectors
from shared.model.assignments_csv import read_rows
from shared.model.bundle import read_bundle
from shared.model.core_samples import NOISE
from training.embedding.embeddings import Embedded
from training.model.build import build_model
from training.model.extend import extend
from training.model.options import Options

_TRAINED = 0.7
_PARTS = 10
_PURE = 0.8
_NAME = "stream"


@dataclass(frozen=True, slots=True)
class Streamed:
    kinds: int
    """New ones."""
    found: int
    found_at_once: int
    """The same by training on everything at once."""
    groups: int
    """New ones."""
    changed: int
    """Pictures that left the group they were in after training, and ids of groups that are gone."""
    index: float
    """Adjusted Rand index after the stream; pictures in none count as one group."""
    index_at_once: float


def stream(vectors: Vectors, labels: NDArray[np.str_], seed: int) -> Streamed:
    """vectors: shape (n, dimensions); labels: shape (n,)."""
    chance = np.random.default_rng(seed)
    kinds = chance.permutation(np.unique(labels))
    split = round(_TRAINED * len(kinds))
    new = frozenset(kinds[split:].tolist())
    names = np.array([f"{row:06}.png" for row in range(len(labels))])
    trained = np.flatnonzero(np.isin(labels, kinds[:split]))
    arriving = chance.permutation(np.flatnonzero(np.isin(labels, kinds[split:])))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / _NAME
        first = build_model(_embedded(names, vectors, trained), Options(_NAME), folder).bundle.manifest.ids
        before = _clusters(folder)
        for number in range(1, _PARTS + 1):
            here = np.concatenate([trained, arriving[: round(number * len(arriving) / _PARTS)]])
            core = {row.picture for row in read_rows(folder) if row.core}
            rest = np.array([row for row in here.tolist() if names[row] not in core])
            extend(read_bundle(folder), folder, _embedded(names, vectors, rest))
        after = _clusters(folder)
        at_once = build_model(
            _embedded(names, vectors, np.arange(len(labels))), Options(_NAME), folder.with_name("once")
        ).clusters.labels
    clusters = np.array([after[name] for name in names.tolist()])
    groups = [cluster for cluster in np.unique(clusters).tolist() if cluster >= first]
    changed = sum(cluster not in (NOISE, after[name]) for name, cluster in before.items())
    return Streamed(
        len(new),
        len(_pure(clusters, labels, groups) & new),
        len(_pure(at_once, labels, np.unique(at_once[at_once != NOISE]).tolist()) & new),
        len(groups),
        changed + len(set(before.values()) - set(after.values()) - {NOISE}),
        float(adjusted_rand_score(labels, clusters)),
        float(adjusted_rand_score(labels, at_once)),
    )


def _embedded(names: NDArray[np.str_], vectors: Vectors, rows: NDArray[np.intp]) -> Embedded:
    return Embedded(tuple(names[rows].tolist()), vectors[rows], {})


def _clusters(folder: Path) -> dict[str, int]:
    return {row.picture: row.cluster for row in read_rows(folder)}


def _pure(clusters: NDArray[np.integer], labels: NDArray[np.str_], groups: Iterable[int]) -> set[str]:
    """The kinds of the groups that are nearly of one kind."""
    most = (Counter(labels[clusters == group].tolist()).most_common(1)[0] for group in groups)
    sizes = (np.count_nonzero(clusters == group) for group in groups)
    return {kind for (kind, count), size in zip(most, sizes, strict=True) if count >= _PURE * size}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="divisions of each set into kinds (default 3)")
    parser.add_argument("--only", nargs="*", choices=[one.name for one in SETS], help="some of the sets")
    options = parser.parse_args()
    print("| set | new kinds | found | found at once | new groups | changed | index | index at once |")
    print("|---" * 8 + "|")
    for one in SETS:
        if options.only is not None and one.name not in options.only:
            continue
        try:
            flat, labels = embedded(one.name, partial(prepare, one))
        except UnavailableError as error:
            print(f"{one.name} left out: {error} ({one.source})")
            continue
        vectors = pooled(flat, "rmac")
        rows = [stream(vectors, labels, seed) for seed in range(options.times)]
        print(line(one.name, rows), flush=True)


def line(name: str, rows: list[Streamed]) -> str:
    """Sums of what is counted, means of the indices."""
    counted = (
        sum(getattr(row, field) for row in rows) for field in ("kinds", "found", "found_at_once", "groups", "changed")
    )
    index, at_once = np.mean([row.index for row in rows]), np.mean([row.index_at_once for row in rows])
    return f"| {name} | {' | '.join(map(str, counted))} | {index:.3f} | {at_once:.3f} |"


if __name__ == "__main__":
    main()
