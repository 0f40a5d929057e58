"""`python -m benchmarks.groups`: the groups and names of the defaults against plain DBSCAN's, on labelled pictures.

The first run fetches and embeds some 3,100 pictures. A folder of one's own, one subfolder a kind, can be measured too.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable
from dataclasses import astuple, fields
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.groups.embedding import embedded, pooled
from benchmarks.groups.evaluate import Result, best_index, episodes, evaluate
from benchmarks.groups.packages import UnavailableError
from benchmarks.groups.sets import SETS, prepare
from shared.embedding.embedder import Pooling
from training.clustering.clusters import Parameters
from training.model.options import Options

_PAGE = Path(__file__).with_name("RESULTS.md")
# Before: DBSCAN on averaged embeddings, one eps for all groups, chosen by the same modularity.
_WAYS: dict[str, tuple[Pooling, Parameters]] = {
    "plain DBSCAN, avg": ("avg", Parameters(neighbours=0)),
    "defaults, avg": ("avg", Options("groups", pooling="avg").parameters()),
    "defaults": ("rmac", Options("groups").parameters()),
}
_NAMES = [one.name for one in SETS]
_FIGURES = tuple(field.name.replace("_", " ") for field in fields(Result))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.groups", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="measure these pictures too, by first subfolder")
    parser.add_argument("--subsets", type=int, default=12, help="of each set, beside the whole (default 12)")
    parser.add_argument("--only", nargs="*", choices=_NAMES, help="some of the sets")
    parser.add_argument("--keep", action="store_true", help="write the table into RESULTS.md")
    options = parser.parse_args()
    sets = [(folder.name, _as_it_is(folder), False) for folder in options.folders]
    sets += [(one.name, partial(prepare, one), one.held_out) for one in SETS if one.name in (options.only or _NAMES)]
    lines = [f"| set | way | {' | '.join(_FIGURES)} | best index |", "|---" * (len(_FIGURES) + 3) + "|"]
    means: dict[tuple[bool, str], list[NDArray[np.float64]]] = {}
    for name, make, held_out in sets:
        try:
            measured = _measure(name, make, options.subsets)
        except UnavailableError as error:
            print(f"{name} left out: {error}")
            continue
        for way, found in measured.items():
            known = (column[~np.isnan(column)] for column in found.T)
            mean = np.array([column.mean() if len(column) else np.nan for column in known])
            means.setdefault((held_out, way), []).append(mean)
            lines.append(_line(name + " \\*" * held_out, way, found))
            print(lines[-1], flush=True)
    for (held_out, way), found in means.items():
        lines.append(_line(f"**mean of {len(found)} sets{' \\*' * held_out}**", way, np.stack(found)))
    print("\n".join(lines[-len(means) :]))
    if options.keep:
        _PAGE.write_text(_HEAD.format(subsets=options.subsets) + "\n".join(lines) + "\n", encoding="utf-8")


def _as_it_is(folder: Path) -> Callable[[], Path]:
    return lambda: folder


_HEAD = """# Groups and names against known kinds

Made by `python -m benchmarks.groups --keep`; [README.md](README.md) says what the figures mean. {subsets} subsets of
each set and the whole of it; the mean of them and its standard error. Sets with a star were held out: nothing was
chosen by them.

"""


def _measure(name: str, make: Callable[[], Path], subsets: int) -> dict[str, NDArray[np.float64]]:
    """By way, the figures of each episode: shape (subsets + 1, figures)."""
    flat, labels = embedded(name, make)
    vectors = {pooling: pooled(flat, pooling) for pooling, _ in _WAYS.values()}
    every = list(episodes(labels, subsets, zlib.crc32(name.encode())))
    found: dict[str, NDArray[np.float64]] = {}
    for way, (pooling, parameters) in _WAYS.items():
        rows = [
            (
                *astuple(evaluate(vectors[pooling], labels, one, parameters)),
                best_index(vectors[pooling][one.trained], labels[one.trained].tolist()),
            )
            for one in every
        ]
        found[way] = np.array(rows)
        if parameters.neighbours == 0:
            found[way][:, -1] = np.nan
    return found


def _line(name: str, way: str, rows: NDArray[np.float64]) -> str:
    cells: list[str] = []
    for column in rows.T:
        known = column[~np.isnan(column)]
        error = f" ± {known.std(ddof=1) / len(known) ** 0.5:.3f}" if len(known) > 1 else ""
        cells.append(f"{known.mean():.3f}{error}" if len(known) else "")
    return f"| {name} | {way} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
