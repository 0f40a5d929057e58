"""What the store's commands share: where the store is, and the progress of transfers."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from shared.command_line.console import console, escape
from shared.settings import Settings, load_settings
from shared.stores.base import Advance, Store
from shared.stores.opening import open_store

STORE_HELP = "The store: a folder, or the URL of a blob container."

StoreOption = Annotated[str, typer.Option("--store", envvar="MODEL_STORE", help=STORE_HELP)]
DEFAULT_STORE: str = Settings.model_fields["model_store"].default
NameOption = Annotated[str, typer.Option("--name", envvar="MODEL_NAME", help="The model's name.")]


def store_at(location: str) -> Store:
    """The store at a folder or URL, with the credential that the Function would use. Raises shared.errors.UserError.

    The connection string is read from the environment only: on a command line everybody could see it.
    """
    return open_store(location, load_settings().store_credential)


# Of a name beside its bar, on a terminal of 80 columns. Graphs are called by their SHA-256.
_WIDTH = 20


@contextmanager
def show(name: str, size: int) -> Generator[Advance]:
    """A progress bar for one file of `size` bytes. Yields a function that counts bytes moved."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as bar:
        short = name if len(name) <= _WIDTH else f"{name[: _WIDTH - 6]}….{name.rpartition('.')[2]}"
        task = bar.add_task(escape(short), total=size)
        yield lambda count: bar.advance(task, count)
