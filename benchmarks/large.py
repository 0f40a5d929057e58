"""`python -m benchmarks.large [--points N]`: groups of a million embeddings, beside scikit-learn's DBSCAN of 50,000.

It takes half an hour of two cores, and 7 GB. `python -m benchmarks` leaves it out, and shows what was measured last.
"""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.clustering import ours, scikit_learns
from benchmarks.measuring import alone, machine, today
from benchmarks.results import Row, Section, render, save
from shared.command_line.console import command_line

_COMPARED = 50_000
_PACKAGES = ("numpy", "scikit-learn", "scipy", "joblib", "faiss-cpu")

app = command_line()


@app.command()
def main(points: Annotated[int, typer.Option(help="How many embeddings.")] = 1_000_000) -> None:
    """Measure, and keep the figures."""
    section = measure(points, _COMPARED)
    save(section)
    print(render([section]))


def measure(points: int, compared: int) -> Section:
    """Groups of so many points, and scikit-learn's DBSCAN of as many as it can be asked for."""
    theirs = alone(scikit_learns, compared, False)
    mine = alone(ours, points, False)
    name = f"Groups of {points:,} x 512"
    share = mine.cost.processor / theirs.processor
    times = f"{mine.cost.processor:.0f} s of all cores together, scikit-learn {theirs.processor:.1f} s; once each"
    index = f"{len(mine.sizes)} groups; adjusted Rand index of what was drawn from a group {mine.index:.3f}"
    rows = [
        Row(name, "at most", 40, share, f"x scikit-learn's DBSCAN of {compared:,}", times),
        Row(f"{name}: memory", "at most", 8, mine.cost.peak, "GB", index),
    ]
    return Section("large", machine(_PACKAGES), today(), rows)


if __name__ == "__main__":
    app(prog_name="python -m benchmarks.large")
