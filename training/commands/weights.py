"""`python -m training weights`: obtain, prove and export VGG16."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.command_line.console import console, errors_in_words, escape


def run(
    out: Annotated[Path, typer.Option(help="Folder for the weights and the exported graph.")] = Path("models"),
) -> None:
    """Obtain VGG16's ImageNet weights, prove them by their digest and export the serving graph."""
    from shared.embedding.vgg16 import WEIGHTS_SHA256
    from training.network.weights import CREDIT, export_graph

    with errors_in_words():
        path = export_graph(out, lambda line: console.print(escape(line)))
    console.print(f"[green]Ready:[/] {path}\n{CREDIT}\nProven by SHA-256 {WEIGHTS_SHA256}")
