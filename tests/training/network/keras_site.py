"""Keras's download site, as it answers and as proxies and broken connections make it answer."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import override

type Answer = Callable[[BaseHTTPRequestHandler], object]


@contextmanager
def keras_site(answer: Answer) -> Generator[str]:
    """Give every request one answer. Yields the URL of the weights."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/notop.h5"
        finally:
            server.shutdown()


def send(path: Path, *, part: float = 1) -> Answer:
    """Announce a file and send it, or only a part of it."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        content = path.read_bytes()
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[: int(len(content) * part)])

    return answer


def refuse(request: BaseHTTPRequestHandler) -> None:
    request.send_error(404)


def babble(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"220 this is no web server\r\n")


def sign_in(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b"<html>Sign in to the proxy</html>")


def hang_up_in_a_chunk(request: BaseHTTPRequestHandler) -> None:
    request.protocol_version = "HTTP/1.1"
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"100000\r\nonly so much")
