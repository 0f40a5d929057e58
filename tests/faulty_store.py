"""A proxy before Azurite that can be told to be slow, or to answer errors as Blob Storage does."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override
from urllib.parse import urlsplit

from tests.stores import Place


@dataclass
class Faults:
    """What the proxy does to requests, from now on."""

    status: int | None = None
    """Answer this, and ask Azurite nothing."""
    code: str = ""
    """The service's word for it."""
    delay: float = 0.0
    """Seconds before each answer."""
    asked: list[str] = field(default_factory=list[str])
    """Paths that were asked for."""


@contextmanager
def faulty(place: Place) -> Generator[tuple[Place, Faults]]:
    """The same store at another address, and the faults that it can be given."""
    faults = Faults()
    behind = urlsplit(place.location).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            faults.asked.append(self.path)
            time.sleep(faults.delay)
            if faults.status is None:
                self._forward()
            else:
                body = f"<?xml version='1.0'?><Error><Code>{faults.code}</Code><Message>m</Message></Error>".encode()
                headers = {"x-ms-error-code": faults.code, "Content-Type": "application/xml"}
                self._answer(faults.status, headers, body)

        do_HEAD = do_PUT = do_GET  # noqa: N815 - names of http.server

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            with closing(http.client.HTTPConnection(behind)) as connection:
                connection.request(self.command, self.path, body, {**headers, "Host": behind})
                answer = connection.getresponse()
                kept = {name: value for name, value in answer.getheaders() if name.lower() != "transfer-encoding"}
                content = answer.read()
            self._answer(answer.status, kept, content)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        @override
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that are killed, or give up, are what this is for."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    front = f"127.0.0.1:{server.server_port}"
    try:
        connection_string = (place.connection_string or "").replace(behind, front)
        yield Place(place.location.replace(behind, front), connection_string), faults
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
