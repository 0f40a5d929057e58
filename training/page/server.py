"""Runs the naming page on this machine until somebody ends it."""

from __future__ import annotations

import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from shared.errors import UserError
from training.gallery.gallery import Gallery
from training.model_lock import hold
from training.page.app import make_app
from training.page.document import Document
from training.page.report_keeper import ReportKeeper
from training.report.writer import Report

_HOST = "127.0.0.1"
# Open pictures and polls are worth no longer wait than this when the page is ended.
_GRACE_SECONDS = 2


class PortError(UserError):
    """The page can't be served at this port."""


def serve(gallery: Gallery, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page at a port (0: any free one) until SIGINT or SIGTERM. `ready` is told the link that opens it.

    Raises PortError, training.model_lock.InUseError.
    """
    with hold(gallery.folder, "the naming page"), _listen(port) as listener, ReportKeeper(Report(gallery)) as keeper:
        token = secrets.token_urlsafe(24)
        bound: int = listener.getsockname()[1]
        app = make_app(Document(gallery, keeper.refresh), keeper, token, bound)
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,  # uvicorn's would close every handler that others set up in this process
            log_level="warning",
            access_log=False,  # it would write the token down
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        ready(f"http://{_HOST}:{bound}/?token={token}")
        # uvicorn raises the signal that ended it once more. As an exception it lets the report be finished.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def check_free(folder: Path, port: int) -> None:
    """Find out before pictures are looked at whether `serve` would be refused. Raises PortError, InUseError."""
    with _listen(port), hold(folder, "the naming page"):
        pass


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise PortError(f"port {port} can't be used ({error.strerror}): choose another with --port") from None
