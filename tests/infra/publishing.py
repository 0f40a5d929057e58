"""A publishing endpoint on this machine: it takes a package over HTTP and puts it in place, as an app's own does.

What it answers on the way is given, in turn: a status to refuse with (404 while it is warming up, 409 while another
deployment runs), HANG_UP to close the connection halfway through the package, or a number of a deployment's state.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_UP = "hang up"
CALLER = "the-token"
_TAKEN = 202


@dataclass
class Publishing:
    url: str = ""
    posts: list[int | str] = field(default_factory=list[int | str])
    """What to answer to packages before one is taken."""
    states: list[int | dict[str, Any]] = field(default_factory=lambda: [4])
    """Refusals (400 and above) and states of the deployment, the last one for good."""
    asked: list[str] = field(default_factory=list[str])
    package: bytes = b""
    """What was taken."""


@contextmanager
def publishing(
    posts: list[int | str] | None = None, states: list[int | dict[str, Any]] | None = None
) -> Generator[Publishing]:
    site = Publishing(posts=posts or [], states=states or [4])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._note()
            refusal = site.posts.pop(0) if site.posts else _TAKEN
            if refusal == HANG_UP:
                self.rfile.read(1)
                self.close_connection = True
                return
            if refusal != _TAKEN:
                # As front ends do that have no app to hand it to: the answer comes before the package has been read.
                self.close_connection = True
                self._answer(int(refusal), "", {"Connection": "close"})
                return
            site.package = self.rfile.read(int(self.headers["Content-Length"]))
            flex = self.path.startswith("/api/publish?")
            if self.headers["Content-Type"] != "application/zip":
                self._answer(415, "not a zip")
            else:
                self._answer(_TAKEN, json.dumps("one") if flex else "")

        def do_GET(self) -> None:
            self._note()
            state = site.states.pop(0) if len(site.states) > 1 else site.states[0]
            if isinstance(state, int) and state >= 400:
                self._answer(state, "")
            else:
                self._answer(200, json.dumps(state if isinstance(state, dict) else {"status": state}))

        def _note(self) -> None:
            site.asked.append(f"{self.command} {self.path}")

        def _answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
            if self.headers["Authorization"] != f"Bearer {CALLER}":
                status, body = 401, "no"
            content = body.encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
