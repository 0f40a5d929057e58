"""Large request bodies through the Function's Api. `python -m tests.soak.bodies MEGABYTES [NAME ...]` sends them.

It prints a line of JSON for each: its name, the status, the bytes that memory rose by at its peak for each byte of the
body, and the seconds it took.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from shared.serving.api import Api
from shared.settings import Settings
from tests.conftest import encode, noise_picture
from tests.soak.worker import forget_peak, peak
from tests.tiny_models import tiny_model

_START, _END = b'{"values": [{"recordId": "1", "data": {"images": "', b'"}}]}'
_PICTURE = base64.b64encode(encode(noise_picture(1), "JPEG"))


def _filled(start: bytes, piece: bytes, end: bytes) -> Callable[[int], bytes]:
    return lambda size: start + piece * ((size - len(start) - len(end)) // len(piece)) + end


def _records(size: int) -> bytes:
    """Honest records, in a tenth of the size: a hundred thousand take longer than a request may."""
    record = b'{"recordId": "%d", "data": {"images": {"data": "' + _PICTURE + b'"}}}'
    return b'{"values": [' + b",".join(record % number for number in range(size // 10 // (len(record) + 9))) + b"]}"


BODIES: Mapping[str, Callable[[int], bytes]] = {
    "base64": _filled(_START, b"AAAA", _END),
    "base64 in words": _filled(_START, b"AAA ", _END),
    "base64 in lines": _filled(_START, b"AAAA\\r\\n", _END),
    "no base64": _filled(_START, b"?", _END),
    "escapes": _filled(_START, b"\\ud800", _END),
    "beyond ASCII": _filled(_START, "😀".encode(), _END),
    "one character beyond ASCII": _filled(_START + "😀".encode(), b"AAAA", _END),
    "UTF-16": lambda size: _filled(_START, b"AAAA", _END)(size // 2).decode().encode("utf-16"),
    "a long name": _filled(b'{"values": [{"recordId": "', b"a", b'", "data": {}}]}'),
    "a long name twice": lambda size: (
        b'{"values": [%s]}' % b",".join([_filled(b'{"recordId": "', b"\\u0000", b'"}')(size // 2)] * 2)
    ),
    "lists": _filled(b'{"values": [', b"[],", b"[]]}"),
    "depth": _filled(b"", b"[", b""),
    "digits": _filled(b'{"values": ', b"9", b"}"),
    "spaces": _filled(b'{"values": []', b" ", b"}"),
    "records": _records,
}


def main(megabytes: str, *names: str) -> None:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        tiny_model(Path(folder))
        api = Api(Settings(model_store=folder, model_name="books", max_records=100_000))
        api.handle("POST", {}, _records(1_000_000))
        for name in names or BODIES:
            body = BODIES[name](int(megabytes) * 1_000_000)
            forget_peak()
            before, started = peak(), time.perf_counter()
            reply = api.handle("POST", {}, body)
            seconds = time.perf_counter() - started
            ratio = (peak() - before) / len(body)
            assert json.loads(reply.body)
            print(json.dumps([name, int(reply.status), ratio, seconds]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
