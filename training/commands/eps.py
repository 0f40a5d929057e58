"""`python -m training eps`: how groups and coverage change with eps, and what training would choose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.table import Table

from shared.command_line.console import console, errors_in_words, escape, flag, progress, say
from shared.embedding.embedder import Pooling
from shared.embedding.images import Resize
from shared.model.core_samples import Metric
from training.commands.options import (
    EMBEDDINGS_ARE_KEPT,
    MODELS,
    EngineOption,
    NeighboursOption,
    PicturesArgument,
    SchedulerOption,
    neighbours_given,
)

if TYPE_CHECKING:
    from training.clustering.choice import Choice

_ROWS = 16  # of the table; the page has every point


def run(
    pictures: PicturesArgument,
    neighbours: NeighboursOption = "auto",
    min_samples: Annotated[int, typer.Option(min=1, help="As for train.")] = 3,
    metric: Annotated[Metric, typer.Option(help="As for train.")] = "cosine",
    pooling: Annotated[Pooling, typer.Option(help="As for train.")] = "rmac",
    resize: Annotated[Resize, typer.Option(help="As for train.")] = "antialias",
    output: Annotated[Path, typer.Option(help="The page with the curves.")] = MODELS / "eps.html",
    engine: EngineOption = "threads",
    scheduler: SchedulerOption = None,
    as_json: Annotated[bool, flag("--json", "Print every point of the curves as JSON.")] = False,
) -> None:
    """Show how many groups each eps gives, how many pictures they hold, and what training would choose."""
    from shared.files import write_atomically
    from training.engine import open_engine
    from training.model.options import Options
    from training.model.train import explore_eps
    from training.report.eps_page import render_eps

    options = Options("eps", neighbours_given(neighbours), None, min_samples, metric, pooling, resize)
    with errors_in_words(EMBEDDINGS_ARE_KEPT), open_engine(engine, scheduler) as running:
        choice = explore_eps(pictures, options, MODELS, engine=running, say=say, show=progress)
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, render_eps(choice))
    if as_json:
        typer.echo(json.dumps(_as_json(choice), indent=2))
    else:
        console.print(_table(choice))
        console.print(
            f"neighbours [bold]{choice.neighbours}[/], eps [bold]{choice.eps:.4g}[/]: {escape(choice.reason)}"
        )
    console.print(f"[green]Wrote[/] {escape(str(output))}, the curves to look at")


def _as_json(choice: Choice) -> dict[str, object]:
    curve = choice.curve
    return {
        "neighbours": choice.neighbours,
        "eps": choice.eps,
        "reason": choice.reason,
        "curve": {
            "eps": curve.eps.tolist(),
            "clusters": curve.clusters.tolist(),
            "coverage": curve.coverage.tolist(),
            "largest": curve.largest.tolist(),
            "score": curve.score.tolist(),
        },
    }


def _table(choice: Choice) -> Table:
    """Some points of the curve, evenly spaced, and the last one before the chosen eps, which is marked."""
    curve = choice.curve
    chosen = max(int(np.searchsorted(curve.eps, choice.eps)) - 1, 0)
    spaced = np.linspace(0, len(curve.eps) - 1, min(_ROWS, len(curve.eps))).round().astype(int).tolist()
    table = Table(title=f"Groups by eps, {choice.neighbours} neighbours")
    for heading in ("", "eps", "groups", "in a group", "in the largest", "score"):
        table.add_column(heading, justify="right")
    for row in sorted({chosen, *spaced}):
        table.add_row(
            "chosen" if row == chosen else "",
            f"{choice.eps if row == chosen else curve.eps[row]:.4g}",
            str(curve.clusters[row]),
            f"{curve.coverage[row]:.0%}",
            f"{curve.largest[row]:.0%}",
            f"{curve.score[row]:.3f}",
        )
    return table
