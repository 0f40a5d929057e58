"""`python -m local.search`: a stand-in for Azure AI Search on this machine.

Prints `Listening on http://…` when it is ready.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from local.search.app import create_app
from local.search.identities import NOBODY, read_identities
from local.search.service import Service
from shared.command_line.console import command_line, errors_in_words
from shared.command_line.ports import listen

DEFAULT_PORT = 7072


app = command_line()


@app.command()
def main(
    port: Annotated[int, typer.Option(help="Where to listen; 0 picks a free port.")] = DEFAULT_PORT,
    data: Annotated[Path | None, typer.Option(help="SQLite file that keeps everything; in memory without.")] = None,
    key: Annotated[str | None, typer.Option(help="The api-key that callers must send; any without.")] = None,
    identities: Annotated[
        Path | None,
        typer.Option(help="JSON table of callers and storage accounts, instead of keys."),
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate (PEM): speak https.")] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    delay: Annotated[float, typer.Option(help="Seconds that each run of an indexer waits in the queue.")] = 0,
) -> None:
    """A stand-in for Azure AI Search, for development: not a search engine. It serves until interrupted."""
    with errors_in_words():
        listener = listen(port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # uvicorn shuts down first and then passes the signal on to this
    table = read_identities(identities) if identities else None
    service = Service(data, delay, table or NOBODY)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(service, key, table),
            lifespan="off",
            log_level="warning",
            server_header=False,
            ssl_certfile=certificate,
            ssl_keyfile=certificate_key,
        )
    )
    typer.echo("A stand-in for Azure AI Search, for development; it is not a search engine.")
    # Bound already, so whoever connects from now on is answered.
    scheme = "https" if certificate else "http"
    typer.echo(f"Listening on {scheme}://127.0.0.1:{listener.getsockname()[1]}")
    try:
        server.run(sockets=[listener])
    finally:
        service.close()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    app(prog_name="python -m local.search")
