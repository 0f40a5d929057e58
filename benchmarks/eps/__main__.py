"""`python -m benchmarks.eps`: the eps that training chooses, against the best one, on labelled pictures.

The first run fetches and embeds some 3,500 pictures. A folder of one's own, one subfolder a group, can be measured too.
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
        print(f"\n{pooling}: share of the best adjusted Rand index, {options.subsets} subsets of each set")
        print(f"{'':16}  best  chosen  worst tenth    knee  clusters x coverage")
        means: dict[bool, list[float]] = {False: [], True: []}
        for name, held_out, flat, labels in embedded:
            vectors = flat if pooling == "flatten" else flat.reshape(len(flat), 49, -1).mean(axis=1)
            results = [
                evaluate(vectors[rows], labels[rows].tolist(), options.min_samples, options.metric)
                for rows in subsets(labels, options.subsets, zlib.crc32(name.encode()))
            ]
            means[held_out].append(_print(name + " *" * held_out, results))
        for held_out, found in means.items():
            if found:
                print(
                    f"{'held out *' if held_out else 'others':16}        {np.mean(found):6.3f}  (target {target:.2f})"
                )


def _print(name: str, results: Sequence[Result]) -> float:
    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    chosen = [result.chosen for result in results]
    print(
        f"{name:16}  {mean([result.best for result in results]):.2f}  {mean(chosen):6.3f}  "
        f"{np.quantile(chosen, 0.1):11.2f}  {mean([result.knee for result in results]):6.3f}  "
        f"{mean([result.counting for result in results]):6.3f}",
        flush=True,
    )
    return mean(chosen)


main()
