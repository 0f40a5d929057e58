"""`python -m benchmarks.stream`: kinds that come after training, found by `update` and by `discover`.

Each labelled set is trained on seven tenths of its kinds; the pictures of the others come in ten parts, mixed. `update`
brings in each part. `discover` looks at what has come once all is there, and every group that it proposes is accepted.
A kind counts as found by a new group of at least three pictures of which four fifths or more are of it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, replace
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
from shared.model.assigner import Assigner
from shared.model.assignments_csv import read_rows
from shared.model.bundle import Bundle, read_bundle
from shared.model.core_samples import NOISE
from training.embedding.embeddings import Embedded
from training.model.build import build_model
from training.model.extend import extend
from training.model.options import Options

_TRAINED = 0.7
_PARTS = 10
_PURE = 0.8
_LEAST = 3
_NAME = "stream"
# Of known kinds, the share of the pictures that come after training as well, with --mixed.
_ALSO = 0.3


@dataclass(frozen=True, slots=True)
class Outcome:
    groups: int
    """New ones."""
    found: int
    """New kinds that some of them are nearly alone of."""
    purity: float
    """Mean share of the new groups' pictures that are of the most common kind."""
    covered: float
    """Mean share of a found kind's pictures that are in such groups."""
    of_known: int
    """New groups whose most common kind is a known one."""
    changed: int
    """Pictures that left the group they were in after training, and ids of groups that are gone."""
    index: float
    """Adjusted Rand index; pictures in none count as one group."""


@dataclass(frozen=True, slots=True)
class Streamed:
    kinds: int
    """New ones."""
    updated: Outcome
    discovered: Outcome
    at_once: Outcome
    """All pictures trained on together."""


@dataclass(frozen=True, slots=True)
class _Stream:
    vectors: Vectors
    labels: NDArray[np.str_]
    names: NDArray[np.str_]
    new: frozenset[str]
    trained: NDArray[np.intp]
    arriving: NDArray[np.intp]

    def embedded(self, rows: NDArray[np.intp]) -> Embedded:
        return Embedded(tuple(self.names[rows].tolist()), self.vectors[rows], {})

    def judge(self, clusters: NDArray[np.integer], first: int, before: dict[str, int]) -> Outcome:
        """`first`: the least id of a new group; `before`: the group of each picture after training."""
        groups = [cluster for cluster in np.unique(clusters).tolist() if cluster >= max(first, 0)]
        members = [Counter(self.labels[clusters == group].tolist()) for group in groups]
        most = [counts.most_common(1)[0] for counts in members]
        purity = [count / counts.total() for (_, count), counts in zip(most, members, strict=True)]
        of_kind: Counter[str] = Counter()
        for (kind, count), pure, counts in zip(most, purity, members, strict=True):
            if pure >= _PURE and counts.total() >= _LEAST and kind in self.new:
                of_kind[kind] += count
        after = dict(zip(self.names.tolist(), clusters.tolist(), strict=True))
        moved = sum(cluster not in (NOISE, after[name]) for name, cluster in before.items())
        return Outcome(
            len(groups),
            len(of_kind),
            float(np.mean(purity)) if purity else 0.0,
            float(np.mean([of_kind[kind] / np.sum(self.labels == kind) for kind in of_kind])) if of_kind else 0.0,
            sum(kind not in self.new for kind, _ in most),
            moved + len(set(before.values()) - set(after.values()) - {NOISE}),
            float(adjusted_rand_score(self.labels, clusters)),
        )


def stream(
    vectors: Vectors, labels: NDArray[np.str_], seed: int, *, mixed: bool = False, left: bool = False
) -> Streamed:
    """vectors: shape (n, dimensions); labels: shape (n,).

    `mixed`: pictures of known kinds come, too. `left`: `discover` gets only what no group takes.
    """
    chance = np.random.default_rng(seed)
    kinds = chance.permutation(np.unique(labels))
    split = round(_TRAINED * len(kinds))
    trained = np.flatnonzero(np.isin(labels, kinds[:split]))
    arriving = np.flatnonzero(np.isin(labels, kinds[split:]))
    if mixed:
        also = chance.permutation(trained)[: round(_ALSO * len(trained))]
        trained, arriving = np.setdiff1d(trained, also), np.concatenate([arriving, also])
    names = np.array([f"{row:06}.png" for row in range(len(labels))])
    new = frozenset(kinds[split:].tolist())
    streamed = _Stream(vectors, labels, names, new, trained, chance.permutation(arriving))
    with TemporaryDirectory() as temporary:
        folders = [Path(temporary) / way / _NAME for way in ("updated", "discovered", "once")]
        for folder in folders[:2]:
            build_model(streamed.embedded(trained), Options(_NAME), folder)
        first = read_bundle(folders[0]).manifest.ids
        before = {row.picture: row.cluster for row in read_rows(folders[0])}
        once = build_model(streamed.embedded(np.arange(len(labels))), Options(_NAME), folders[2]).clusters.labels
        return Streamed(
            len(new),
            streamed.judge(_updated(streamed, folders[0]), first, before),
            streamed.judge(_discovered(streamed, folders[1], left=left), first, before),
            streamed.judge(once, 0, {}),
        )


def _updated(streamed: _Stream, folder: Path) -> NDArray[np.integer]:
    for number in range(1, _PARTS + 1):
        come = streamed.arriving[: round(number * len(streamed.arriving) / _PARTS)]
        extend(read_bundle(folder), folder, _but_core(streamed, folder, come))
    rows = {row.picture: row.cluster for row in read_rows(folder)}
    return np.array([rows[name] for name in streamed.names.tolist()])


def _discovered(streamed: _Stream, folder: Path, *, left: bool) -> NDArray[np.integer]:
    bundle = read_bundle(folder)
    come = streamed.arriving
    if left:
        come = come[_answers(bundle, streamed.vectors[come]) == NOISE]
    bundle = extend(bundle, folder, _but_core(streamed, folder, come), propose=True).bundle
    accepted = replace(bundle, labels=bundle.labels.model_copy(update={"proposed": ()}))
    clusters = _answers(accepted, streamed.vectors)
    rows = {row.picture: row.cluster for row in read_rows(folder)}
    return np.array([rows.get(name, cluster) for name, cluster in zip(streamed.names.tolist(), clusters, strict=True)])


def _answers(bundle: Bundle, vectors: Vectors) -> NDArray[np.int32]:
    return Assigner(bundle.arrays, bundle.labels, bundle.manifest.clustering.metric).assign(vectors, None).clusters


def _but_core(streamed: _Stream, folder: Path, come: NDArray[np.intp]) -> Embedded:
    core = {row.picture for row in read_rows(folder) if row.core}
    here = np.concatenate([streamed.trained, come])
    return streamed.embedded(here[[name not in core for name in streamed.names[here].tolist()]])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="divisions of each set into kinds (default 3)")
    parser.add_argument("--mixed", action="store_true", help="three tenths of the known kinds' pictures come, too")
    parser.add_argument("--left", action="store_true", help="discover gets what no group takes, as from an index")
    parser.add_argument("--only", nargs="*", choices=[one.name for one in SETS], help="some of the sets")
    options = parser.parse_args()
    print(
        "| set | new kinds | update: found | groups | index | discover: found | proposals | of known kinds | pure |",
        end="",
    )
    print(" covered | changed | index | at once: found | index |")
    print("|---" * 14 + "|")
    every: list[Streamed] = []
    for one in SETS:
        if options.only is not None and one.name not in options.only:
            continue
        try:
            flat, labels = embedded(one.name, partial(prepare, one))
        except UnavailableError as error:
            print(f"{one.name} left out: {error} ({one.source})")
            continue
        vectors = pooled(flat, "rmac")
        rows = [stream(vectors, labels, seed, mixed=options.mixed, left=options.left) for seed in range(options.times)]
        every += rows
        print(line(one.name, rows), flush=True)
    print(line("all", every))


def line(name: str, rows: list[Streamed]) -> str:
    """Sums of what is counted, means of the shares and indices."""
    updated, found, at_once = ([getattr(row, way) for row in rows] for way in ("updated", "discovered", "at_once"))
    cells = [
        sum(row.kinds for row in rows),
        _sum(updated, "found"),
        _sum(updated, "groups"),
        _mean(updated, "index"),
        _sum(found, "found"),
        _sum(found, "groups"),
        _sum(found, "of_known"),
        _mean(found, "purity"),
        _mean(found, "covered"),
        _sum(updated, "changed") + _sum(found, "changed"),
        _mean(found, "index"),
        _sum(at_once, "found"),
        _mean(at_once, "index"),
    ]
    return f"| {name} | {' | '.join(map(str, cells))} |"


def _sum(outcomes: list[Outcome], figure: str) -> int:
    return sum(getattr(outcome, figure) for outcome in outcomes)


def _mean(outcomes: list[Outcome], figure: str) -> str:
    return f"{np.mean([getattr(outcome, figure) for outcome in outcomes]):.3f}"


if __name__ == "__main__":
    main()
