"""`python -m training models`: which models there are on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shared.command_line.console import count, escape, say
from training.commands.options import MODELS, JsonOption
from training.commands.tables import models_table

if TYPE_CHECKING:
    from shared.model.bundle import Bundle


def run(
    folder: Annotated[Path, typer.Argument(help="Folder of models.")] = MODELS,
    as_json: JsonOption = False,
) -> None:
    """List the models in a folder, with their groups and how many of them are named."""
    from shared.model.bundle import MANIFEST, BundleError, read_bundle

    found: list[Bundle] = []
    for path in sorted(folder.glob(f"*/{MANIFEST}")):
        try:
            found.append(read_bundle(path.parent))
        except BundleError as error:
            say(f"Left out {path.parent.name}: {error}")
    rows = [
        {
            "name": bundle.manifest.name,
            "version": bundle.version,
            "created": bundle.manifest.created,
            "pictures": bundle.manifest.counts.pictures,
            "clusters": bundle.manifest.counts.clusters,
            "named": len(bundle.labels.labels),
        }
        for bundle in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = models_table(f"{folder}: {count(len(rows), 'model')}", "Name", "Version", "Trained")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    Console().print(table)
