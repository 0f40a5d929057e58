"""`python -m benchmarks [SECTION ...] [--quick]`: measure, keep the figures, and write RESULTS.md and cost.svg.

All sections take about an hour on two cores that do nothing else, and 12 GB. `--quick` takes minutes, proves that
everything runs, and keeps nothing. A million embeddings have a command of their own, `python -m benchmarks.large`,
and so has updating a model, `python -m benchmarks.update`.
"""

from __future__ import annotations

import importlib
from typing import Annotated, cast

import typer

from benchmarks.results import HERE, PAGE, Benchmark, load, render, save
from shared.command_line.console import command_line, fail, flag

SECTIONS = ("serving", "precision", "sizes", "memory", "embedding", "clustering")
SHOWN = (*SECTIONS, "large", "update")

app = command_line()


@app.command()
def main(
    sections: Annotated[list[str] | None, typer.Argument(help=f"Which to measure: {', '.join(SECTIONS)}.")] = None,
    quick: Annotated[bool, flag("--quick", "Only prove that it runs; keep nothing.")] = False,
) -> None:
    """Measure, keep the figures, and write RESULTS.md and cost.svg."""
    if unknown := set(sections or ()) - set(SECTIONS):
        fail(f"no section is called {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    for name in sections or SECTIONS:
        benchmark = cast("Benchmark", importlib.import_module(f"benchmarks.{name}").measure)
        section = benchmark(quick)
        print(render([section]), flush=True)
        if not quick:
            save(section)
    if not quick:
        from benchmarks.plot import draw

        measured = load(SHOWN)
        PAGE.write_text(render(measured), encoding="utf-8")
        draw(measured, HERE / "cost.svg")


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
