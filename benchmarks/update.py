"""`python -m benchmarks.update [--points N]`: what `update` costs beside training anew on everything.

A tenth as many new pictures as the model has, with some kinds that it does not know. Embeddings are drawn, as for
benchmarks.clustering, and what embedding costs is added from a few pictures that are. It takes some six minutes of a
core. `python -m benchmarks` leaves it out, and shows what was measured last.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from benchmarks.clustering import drawn
from benchmarks.groups.embedding import MODELS
from benchmarks.measuring import alone, machine, today
from benchmarks.results import Row, Section, render, save
from shared.command_line.console import command_line
from shared.embedding.embedder import open_embedder
from shared.model.assignments_csv import read_rows
from shared.model.bundle import read_bundle
from training.embedding.embeddings import Embedded
from training.model.build import build_model
from training.model.extend import extend
from training.model.options import Options
from training.network.weights import export_graph

_LATE_GROUPS = 15
"""Of those that are drawn, so many come with the new pictures alone."""
_EMBEDDED = 8
_PACKAGES = ("numpy", "scikit-learn", "faiss-cpu", "onnxruntime")

app = command_line()


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of all cores together."""

    update: float
    anew: float
    read: int
    """Pictures of the model whose embeddings `update` takes from the cache, as they are no core samples."""
    found: int
    """New groups."""


@app.command()
def main(points: Annotated[int, typer.Option(help="How many embeddings the model has.")] = 100_000) -> None:
    """Measure, and keep the figures."""
    section = measure(points, alone(embedding_costs))
    save(section)
    print(render([section]))


def measure(points: int, embedding: float) -> Section:
    """`embedding` is the seconds that a picture's takes."""
    new = points // 10
    cost = alone(costs, points, new)
    name = f"Updating {points:,} pictures with {new:,}"
    how = (
        f"{cost.update:.1f} s of all cores together, {cost.read:,} known pictures read and {cost.found} new groups "
        f"found; training anew {cost.anew:.1f} s; once each"
    )
    whole = (new * embedding + cost.update) / ((points + new) * embedding + cost.anew)
    cached = (new * embedding + cost.update) / (new * embedding + cost.anew)
    given = f"{embedding * 1000:.0f} ms for each picture's embedding added to the row above"
    rows = [
        Row(f"{name}, all embedded before", "at most", 0.1, cost.update / cost.anew, "x training anew", how),
        Row(f"{name}, training anew without a cache", "at most", 0.1, whole, "x training anew", f"{given}, all anew"),
    ]
    note = (
        f"Where the cache holds the model's {points:,} pictures, both embed the {new:,} new ones alone, and updating "
        f"takes {cached:.2f} of training anew."
    )
    return Section("update", machine(_PACKAGES), today(), rows, notes=[note])


def costs(points: int, new: int) -> Costs:
    vectors, groups = drawn(points + new, half_in_one=False)
    order = np.argsort(groups >= groups.max() + 1 - _LATE_GROUPS, kind="stable")
    vectors = vectors[order]
    names = [f"{row:09}.png" for row in range(len(vectors))]

    def some(rows: list[int]) -> Embedded:
        return Embedded(tuple(names[row] for row in rows), vectors[rows], {})

    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "models" / "drawn"
        start = time.process_time()
        build_model(some(list(range(len(vectors)))), Options("drawn"), folder.with_name("anew"))
        anew = time.process_time() - start
        build_model(some(list(range(points))), Options("drawn"), folder)
        core = {row.picture for row in read_rows(folder) if row.core}
        rest = some([row for row, name in enumerate(names) if name not in core])
        start = time.process_time()
        extended = extend(read_bundle(folder), folder, rest)
        return Costs(time.process_time() - start, anew, len(rest.names) - new, len(extended.found))


def embedding_costs() -> float:
    """Seconds of all cores together that a picture's embedding takes, decoded already."""
    embedder = open_embedder(Options("drawn").spec(), export_graph(MODELS, print))
    pictures = [np.full((240, 240, 3), shade, dtype=np.uint8) for shade in range(_EMBEDDED)]
    embedder.embed(pictures)
    start = time.process_time()
    embedder.embed(pictures)
    return (time.process_time() - start) / _EMBEDDED


if __name__ == "__main__":
    app(prog_name="python -m benchmarks.update")
