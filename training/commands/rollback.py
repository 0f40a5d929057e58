"""`python -m training rollback`: an earlier version is served again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from shared.command_line.console import console, errors_in_words
from training.commands.options import JsonOption
from training.commands.store_options import DEFAULT_STORE, NameOption, StoreOption, store_at


def run(
    store: StoreOption = DEFAULT_STORE,
    version: Annotated[str | None, typer.Argument(help="The version; without it, the one current before.")] = None,
    name: NameOption = "books",
    as_json: JsonOption = False,
) -> None:
    """Make another published version the one that is served."""
    from training.release.publishing import roll_back

    with errors_in_words():
        move = roll_back(store_at(store), name, version)
    if as_json:
        typer.echo(json.dumps(asdict(move), indent=2))
    elif move.previous == move.version:
        console.print(f"{name} {move.version} is current already: nothing to do")
    else:
        console.print(f"[green]Current:[/] {name} {move.version}, before it {move.previous}")
