"""A custom skill to test against: honest by default, or bad in whatever way a test asks for."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

VERSION = "0123456789ab-abcdef"
NAMES = {0: ["open book", "double spread"], 1: ["closed book", "book cover"], 2: ["book shelf", "library"]}
"""By the strongest of red, green and blue in a picture."""

type Value = dict[str, Any]


@dataclass
class Reply:
    """What the server sends: a body of any kind, after a pause."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    pause: float = 0.0


@dataclass
class SkillServer:
    """The running skill. Tests change `answer` to make it bad."""

    url: str
    answer: Callable[[list[Value]], Reply]
    requests: list[list[Value]] = field(default_factory=list[list[Value]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    running: int = 0
    most_running: int = 0


def honest(values: list[Value]) -> Reply:
    """Name every picture after its strongest colour."""
    return reply([answer(value) for value in values])


def reply(values: list[Value]) -> Reply:
    return Reply(json.dumps({"values": values}).encode())


def answer(value: Value) -> Value:
    """The right answer to one record."""
    colour = _mean_colour(value["data"]["images"]["data"])
    cluster = int(np.argmax(colour))
    vector = np.zeros(512)
    vector[:3] = colour / 255
    data = {
        "label": NAMES[cluster],
        "suggestedLabel": [],
        "clusterId": cluster,
        "distance": 0.1,
        "confidence": 0.5,
        "modelVersion": VERSION,
        "vector": vector.tolist(),
    }
    return {"recordId": value["recordId"], "data": data, "errors": [], "warnings": []}


def _mean_colour(data: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        return np.asarray(picture, dtype=np.float64).reshape(-1, 3).mean(axis=0)


@contextmanager
def serve_skill(answer: Callable[[list[Value]], Reply] = honest) -> Generator[SkillServer]:
    """Serve a skill from threads of this process."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(Reply(json.dumps({"status": "ready", "model": "colours", "version": VERSION}).encode()))

        def do_POST(self) -> None:
            values = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["values"]
            with lock:
                skill.requests.append(values)
                skill.headers.append({name.lower(): value for name, value in self.headers.items()})
                skill.running += 1
                skill.most_running = max(skill.most_running, skill.running)
            try:
                what = skill.answer(values)
                time.sleep(what.pause)
            finally:
                with lock:  # before the answer is out, on which the next call may follow
                    skill.running -= 1
            self._send(what)

        def _send(self, what: Reply) -> None:
            self.send_response(what.status)
            self.send_header("Content-Type", what.content_type)
            self.send_header("Content-Length", str(len(what.body)))
            self.end_headers()
            self.wfile.write(what.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A caller that gave up is part of the tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        skill = SkillServer(f"http://127.0.0.1:{server.server_address[1]}/api/extraction", answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield skill
        finally:
            server.shutdown()
            thread.join()
