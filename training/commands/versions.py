"""`python -m training versions`: what a store has of a model."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.console import Console

from shared.command_line.console import count, errors_in_words
from training.commands.options import JsonOption
from training.commands.store_options import DEFAULT_STORE, NameOption, StoreOption, store_at
from training.commands.tables import models_table


def run(store: StoreOption = DEFAULT_STORE, name: NameOption = "books", as_json: JsonOption = False) -> None:
    """List the published versions of a model, the latest last."""
    from training.release.versions import list_versions

    with errors_in_words():
        versions = list_versions(store_at(store), name)
    if as_json:
        rows = [asdict(version) | {"published": version.published.isoformat()} for version in versions]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = models_table(f"{name}: {count(len(versions), 'version')}", "", "Version", "Published")
    for version in versions:
        table.add_row(
            "current" if version.current else "",
            version.version,
            f"{version.published.astimezone():%Y-%m-%d %H:%M}",
            str(version.pictures),
            str(version.clusters),
            str(version.named),
        )
    Console().print(table)
