"""Runs the naming page on this machine until somebody ends it."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from shared.command_line.ports import LOCAL, listen
from training.gallery.gallery import Gallery
from training.model_lock import hold
from training.page.app import make_app
from training.page.document import Document
from training.page.report_keeper import ReportKeeper
from training.report.writer import Report

# Open pictures and polls are worth no longer wait than this when the page is ended.
_GRACE_SECONDS = 2


def serve(gallery: Gallery, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page at a port (0: any free one) until SIGINT or SIGTERM. `ready` is told the link that opens it.

    Raises shared.command_line.ports.PortError, training.model_lock.InUseError.
    """
    with hold(gallery.folder, "the naming page"), listen(port) as listener, ReportKeeper(Report(gallery)) as keeper:
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
        ready(f"http://{LOCAL}:{bound}/?token={token}")
        # uvicorn raises the signal that ended it once more. As an exception it lets the report be finished.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def check_free(folder: Path, port: int) -> None:
    """Find out before pictures are looked at whether `serve` would be refused. Raises PortError, InUseError."""
    with listen(port), hold(folder, "the naming page"):
        pass
