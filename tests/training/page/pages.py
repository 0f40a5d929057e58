"""Naming pages that really run, on a free port of this machine."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from training.gallery.gallery import Gallery
from training.page.app import make_app
from training.page.document import Document
from training.page.report_keeper import ReportKeeper
from training.report.writer import Report


@dataclass(frozen=True)
class Served:
    port: int
    token: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        return f"{self.origin}/?token={self.token}"

    @contextmanager
    def client(self, *, enters: bool) -> Generator[httpx.Client]:
        """A client that sends the page's Origin with everything, and has opened the link if it `enters`."""
        with httpx.Client(base_url=self.origin, headers={"Origin": self.origin}, timeout=60) as client:
            if enters:
                client.get(self.link).raise_for_status()
            yield client


@contextmanager
def served(gallery: Gallery) -> Generator[Served]:
    """The page of a gallery, in a thread of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ReportKeeper(Report(gallery)) as keeper:
        page = Served(listener.getsockname()[1], secrets.token_urlsafe(8))
        app = make_app(Document(gallery, keeper.refresh), keeper, page.token, page.port)
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield page
        finally:
            server.should_exit = True
            thread.join()
