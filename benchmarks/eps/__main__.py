"""`python -m benchmarks.eps`: the eps that training chooses, against the best one, on labelled pictures.

The first run fetches and embeds some 3,100 pictures. A folder of one's own, one subfolder a group, can be measured too.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.eps.embedding import embed_labelled
from benchmarks.eps.evaluate import Result, evaluate, subsets
from benchmarks.eps.packages import UnavailableError
from benchmarks.eps.sets import SETS, prepare

# Shares of the best index that are aimed at.
_TARGETS = {"avg": 0.90, "flatten": 0.85}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eps", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="measure these pictures, grouped by first subfolder")
    parser.add_argument("--subsets", type=int, default=40, help="of each set (default 40)")
    parser.add_argument("--min-samples", type=int, default=3)
    parser.add_argument("--metric", choices=["cosine", "euclidean"], default="cosine")
    parser.add_argument("--only", nargs="*", choices=[one.name for one in SETS], help="some of the sets")
    options = parser.parse_args()
    if options.folder:
        folders = [(options.folder.name, False, options.folder)]
    else:
        folders: list[tuple[str, bool, Path]] = []
        for one in SETS:
            if options.only and one.name not in options.only:
                continue
            try:
                folders.append((one.name, one.held_out, prepare(one)))
            except UnavailableError as error:
                print(f"{one.name} left out: {error} ({one.source})")
    embedded = [(name, held_out, *embed_labelled(folder)) for name, held_out, folder in folders]
    for pooling, target in _TARGETS.items():
        print(f"\n{pooling}: mean adjusted Rand index at the best and the chosen eps, {options.subsets} subsets a set;")
        print(f"the share of the best that is reached, aimed at {target:.2f}, and that of two plain recipes")
        print(f"{'':16}  best  chosen  share          worst tenth    knee  clusters x coverage")
        means: dict[bool, list[float]] = {False: [], True: []}
        for name, held_out, flat, labels in embedded:
            vectors = flat if pooling == "flatten" else flat.reshape(len(flat), 49, -1).mean(axis=1)
            results = [
                evaluate(vectors[rows], labels[rows].tolist(), options.min_samples, options.metric)
                for rows in subsets(labels, options.subsets, zlib.crc32(name.encode()))
            ]
            means[held_out].append(_print(name + " *" * held_out, results, target))
        for held_out, found in means.items():
            if found:
                print(f"{'held out *' if held_out else 'others':16}{'':14}{_verdict(float(np.mean(found)), target)}")


def _print(name: str, results: Sequence[Result], target: float) -> float:
    """One set's line; returns its mean share."""

    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    shares = [result.chosen for result in results]
    print(
        f"{name:16}  {mean([result.best for result in results]):.2f}  "
        f"{mean([result.best * result.chosen for result in results]):6.2f}  {_verdict(mean(shares), target)}  "
        f"{np.quantile(shares, 0.1):11.2f}  {mean([result.knee for result in results]):6.3f}  "
        f"{mean([result.counting for result in results]):6.3f}",
        flush=True,
    )
    return mean(shares)


def _verdict(share: float, target: float) -> str:
    return f"{share:.3f} {'met' if share >= target else 'MISSED':6}"


main()
