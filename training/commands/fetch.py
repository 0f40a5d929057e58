"""`python -m training fetch`: a published model comes back as a folder, to name, compare or serve it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.command_line.console import console, errors_in_words, escape
from training.commands.store_options import DEFAULT_STORE, NameOption, StoreOption, show, store_at


def run(
    store: StoreOption = DEFAULT_STORE,
    version: Annotated[str | None, typer.Argument(help="The version; without it, the current one.")] = None,
    name: NameOption = "books",
    to: Annotated[Path, typer.Option(help="Folder of models; the model becomes a folder in it.")] = Path("models"),
    overwrite: Annotated[bool, typer.Option(help="Replace another version that stands there.")] = False,
) -> None:
    """Fetch a published model and its graph."""
    from training.release.versions import fetch

    with errors_in_words():
        folder = fetch(store_at(store), name, version, to, show, overwrite=overwrite)
    console.print(f"[green]Fetched[/] {escape(str(folder))}")
