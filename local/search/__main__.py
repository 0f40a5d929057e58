"""`python -m local.search`: a stand-in for Azure AI Search on this machine.

Prints `Listening on http://…` when it is ready.
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from local.search.app import create_app
from local.search.service import Service

DEFAULT_PORT = 7072


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m local.search",
        description="A stand-in for Azure AI Search, for development. It is not a search engine.",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="SQLite file that keeps everything (default: in memory)")
    parser.add_argument("--key", help="the api-key that callers must send (default: any)")
    options = parser.parse_args()
    try:
        listener = socket.create_server(("127.0.0.1", options.port))
    except OSError as error:
        sys.stderr.write(f"error: can't listen on port {options.port}: {error.strerror}. Choose another with --port\n")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # uvicorn shuts down first and then passes the signal on to this
    service = Service(options.data)
    server = uvicorn.Server(
        uvicorn.Config(create_app(service, options.key), lifespan="off", log_level="warning", server_header=False)
    )
    # Bound already, so whoever connects from now on is answered.
    sys.stdout.write(
        "A stand-in for Azure AI Search, for development; it is not a search engine.\n"
        f"Listening on http://127.0.0.1:{listener.getsockname()[1]}\n"
    )
    sys.stdout.flush()
    try:
        server.run(sockets=[listener])
    finally:
        service.close()
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
