"""`make search-demo`: pictures in, words find them. Blob Storage, the Function and search, all on this machine.

    python -m local.search_demo [--keep] [--model models/books] [--pictures data]

The commands are those that work on Azure; only the settings differ. Prints a line for every hit of three queries,
separated by tabs: `hit`, the query, the file name, the labels. With `--keep` everything stays up, with a page to try.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from local.processes import PROJECT
from local.search.stack import search_command, start_stack
from shared.command_line.console import command_line, console, errors_in_words, escape, flag

QUERIES = ("open book", "closed book", "book shelf")
PAGE_PORT = 7073


app = command_line()


@app.command()
def main(
    keep: Annotated[bool, flag("--keep", "Stay up, with a page to search by hand.")] = False,
    model: Annotated[Path, typer.Option(help="The model to serve.")] = PROJECT / "models" / "books",
    pictures: Annotated[Path, typer.Option(help="Folder of pictures to index.")] = PROJECT / "data",
) -> None:
    """Index pictures on this machine and find them by words."""
    with errors_in_words():
        _say("1. Starting Blob Storage (Azurite), the Function in Microsoft's worker, and the stand-in for search")
        with start_stack(model) as settings:
            _say("2. Uploading the pictures, deploying the search objects, running the indexer")
            search_command(settings, "upload", str(pictures))
            search_command(settings, "deploy")
            search_command(settings, "run")
            _say("3. Searching for words that nobody typed on the pictures")
            for query in QUERIES:
                search_command(settings, "query", query)
            if keep:
                _keep(settings)


def _keep(settings: Mapping[str, str]) -> None:
    from infra.search.clients import Clients
    from infra.search.settings import load_search_settings
    from local.search.page import serve_page

    given = {name.lower(): value for name, value in settings.items() if value}
    with Clients(load_search_settings(given)) as clients, serve_page(clients, PAGE_PORT) as url:
        _say(f"4. Search by hand at {url} (Ctrl+C ends everything)")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def _say(text: str) -> None:
    console.print(f"\n[bold]{escape(text)}[/]")


if __name__ == "__main__":
    app(prog_name="python -m local.search_demo")
