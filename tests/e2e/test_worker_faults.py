"""A worker that is killed: whoever waited is told so by the connection, and the next worker finds nothing half done."""

from __future__ import annotations

import base64
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.processes import RunningHost, start_host
from tests.conftest import PROJECT, encode, noise_picture
from tests.faulty_store import faulty
from tests.stores import Place, azurite_place, shared_azurite
from tests.tiny_models import tiny_model
from training.commands.store_options import show
from training.release.publishing import publish

PICTURE = base64.b64encode(encode(noise_picture(7))).decode()
REQUEST = {"values": [{"recordId": "1", "data": {"images": PICTURE}}]}


def serve(place: Place, cache: Path) -> RunningHost:
    return start_host(PROJECT, env={**place.env(), "MODEL_CACHE": str(cache), "KEY": ""})


def kill(host: RunningHost) -> None:
    host.process.send_signal(signal.SIGKILL)
    host.process.wait(10)


@pytest.mark.slow
def test_a_worker_killed_mid_request_leaves_nothing_half_done(tmp_path: Path) -> None:
    place, cache = azurite_place(shared_azurite()), tmp_path / "cache"
    tiny_model(tmp_path / "models", megabytes=20)
    version = publish(place.open(), tmp_path / "models" / "books", show).version
    with faulty(place) as (slow, faults), ThreadPoolExecutor(1) as pool:
        faults.delay = 0.5
        with serve(slow, cache) as host:
            waiting = pool.submit(httpx.post, f"{host.url}/api/extraction", json=REQUEST, timeout=60)
            host.wait_for(lambda: any(".onnx" in path for path in faults.asked), timeout=30)
            kill(host)
            with pytest.raises(httpx.TransportError):
                waiting.result()
        assert [path for path in cache.rglob("*.onnx") if not path.name.startswith(".")] == []
        faults.delay = 0
        with serve(slow, cache) as host:
            answer = httpx.post(f"{host.url}/api/extraction", json=REQUEST, timeout=60)
            assert (answer.status_code, answer.headers["x-model-version"]) == (200, version)
            kill(host)
        faults.asked.clear()
        with serve(slow, cache) as host:
            again = httpx.post(f"{host.url}/api/extraction", json=REQUEST, timeout=60)
        assert again.json() == answer.json()
        assert [path for path in faults.asked if "current.json" not in path] == []
