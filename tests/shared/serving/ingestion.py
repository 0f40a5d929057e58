"""A stand-in for Application Insights' ingestion endpoint."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override


@dataclass
class Ingestion:
    """What arrived, one envelope a span or log record, and the connection string that leads here."""

    connection_string: str
    envelopes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each["data"]["baseData"] for each in self.envelopes if each["data"]["baseType"] == kind]


@contextmanager
def receive() -> Generator[Ingestion]:
    """Receive what is sent during the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            items: list[dict[str, Any]] = json.loads(
                gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            )
            here.envelopes.extend(items)
            answer = json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the test's own output is what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here = Ingestion(
            "InstrumentationKey=00000000-0000-0000-0000-000000000000;"
            f"IngestionEndpoint=http://127.0.0.1:{server.server_port}/"
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield here
        server.shutdown()
