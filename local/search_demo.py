"""`make search-demo`: pictures in, words find them. Blob Storage, the Function and search, all on this machine.

    python -m local.search_demo [--keep] [--model models/books] [--pictures data]

The commands are those that work on Azure; only the settings differ. Prints a line for every hit of three queries,
separated by tabs: `hit`, the query, the file name, the labels. With `--keep` everything stays up, with a page to try.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from local.azurite import start_azurite
from local.processes import PROJECT, start_host
from local.search.process import start_search
from training.console import console, fail

QUERIES = ("open book", "closed book", "book shelf")
PAGE_PORT = 7073


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m local.search_demo", description="Words find the pictures.")
    parser.add_argument("--keep", action="store_true", help="stay up, with a page to search by hand")
    parser.add_argument("--model", type=Path, default=PROJECT / "models" / "books", help="default: models/books")
    parser.add_argument("--pictures", type=Path, default=PROJECT / "data", help="default: data, train and test")
    options = parser.parse_args(argv)
    with ExitStack() as running:
        _say("1. Starting Blob Storage (Azurite), the Function in Microsoft's worker, and the stand-in for search")
        azurite = running.enter_context(start_azurite())
        azurite.create_container()
        key = secrets.token_urlsafe(24)
        store = {"MODEL_STORE": azurite.url(), "MODEL_STORE_CONNECTION_STRING": azurite.connection_string}
        model = {**store, "MODEL_NAME": options.model.name}
        _run(["training", "publish", str(options.model)], store)
        # A key of this run's own: nobody else on this machine is to be served.
        host = running.enter_context(start_host(PROJECT, env={**model, "KEY": key, "RETURN_VECTOR": "true"}))
        search = running.enter_context(start_search(key=key))
        settings = {
            **model,
            "SEARCH_ENDPOINT": search.url,
            "SEARCH_KEY": key,
            "SEARCH_VECTOR": "true",
            "SKILL_URL": f"{host.url}/api/extraction",
            "SKILL_KEY": key,
            "STORAGE_CONNECTION": azurite.connection_string,
            "COMPARE_AI_SERVICES_URL": "",
            "CLASSIFIER_URL": "",
        }
        _say("2. Uploading the pictures, deploying the search objects, running the indexer")
        _run(["infra.search", "upload", str(options.pictures)], settings)
        _run(["infra.search", "deploy"], settings)
        _run(["infra.search", "run"], settings)
        _say("3. Searching for words that nobody typed on the pictures")
        for query in QUERIES:
            _run(["infra.search", "query", query], settings)
        if options.keep:
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
            signal.pause()


def _run(arguments: Sequence[str], settings: Mapping[str, str]) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=PROJECT, env={**os.environ, **settings}, check=False
    )
    if finished.returncode:
        fail(f"`python -m {' '.join(arguments)}` failed")


def _say(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


if __name__ == "__main__":
    main()
