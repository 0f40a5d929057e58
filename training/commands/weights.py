"""`python -m training weights`: obtain, prove and export VGG16."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.console import console, escape, fail


def run(
    out: Annotated[Path, typer.Option(help="Folder for the weights and the exported graph.")] = Path("models"),
) -> None:
    """Obtain VGG16's ImageNet weights, prove them by their digest and export the serving graph."""
    from shared.bundle import BundleError
    from shared.vgg16 import WEIGHTS_SHA256, WeightsError
    from training.weights import CREDIT, export_graph

    try:
        path = export_graph(out, lambda line: console.print(escape(line)))
    except (WeightsError, BundleError, OSError) as error:
        fail(error)
    console.print(f"[green]Ready:[/] {path}\n{CREDIT}\nProven by SHA-256 {WEIGHTS_SHA256}")
