"""An instance's memory, held to by the kernel: nobody is killed, with the key or without, and load is shed with 429.

Host and worker run in one memory group; the host holds bodies as the real one does (13.4 bytes a byte).
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest

from local.processes import PROJECT
from tests.conftest import encode, noise_picture
from tests.soak.figures import Figures
from tests.soak.guarded import KEY, LIMITS, group_of, guarded_app, host_in, instance

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial")]

REQUESTS = 48
AT_ONCE = 4
KEYS = {"x-functions-key": KEY, "Ocp-Apim-Subscription-Key": KEY}


def body_of(size: int) -> bytes:
    """A request of so many bytes: a picture, and one that can't be read, as large as it must be."""
    picture = base64.b64encode(encode(noise_picture(1, (512, 512)), "JPEG", quality=95)).decode()

    def request(length: int) -> bytes:
        data = [{"images": picture}, {"images": "A" * length}]
        return json.dumps({"values": [{"recordId": str(at), "data": each} for at, each in enumerate(data)]}).encode()

    return request(size - len(request(0)))


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        return httpx.post(f"{url}/api/extraction", content=body, headers=headers, timeout=300).status_code
    except httpx.WriteError:  # refused before the body was sent
        return 401


def send(url: str, body: bytes, headers: dict[str, str], at_once: int = AT_ONCE) -> Counter[int]:
    with ThreadPoolExecutor(at_once) as pool:
        return Counter(pool.map(partial(post, url, body), [headers] * REQUESTS))


@pytest.mark.parametrize("megabytes", LIMITS)
def test_an_instance_holds_the_largest_bodies_and_nobody_without_the_key_costs_memory(
    megabytes: int, tmp_path: Path, graph: Path, figures: Figures
) -> None:
    assert graph.is_file()
    _, largest = LIMITS[megabytes]
    app, body = guarded_app(tmp_path / "app"), body_of(largest)
    assert len(body) == largest
    for headers, expected in (({}, {401}), (KEYS, {200, 429})):
        with group_of(megabytes) as group, instance(group, app, megabytes) as host:
            statuses = send(host.url, body, headers)
            peak = group.peak()
            figures.add(
                memory=f"{megabytes} MB",
                bodies=f"{REQUESTS} x {largest / 1e6:g} MB, {AT_ONCE} at once",
                key="right" if headers else "none",
                statuses=", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())),
                peak=f"{peak / 1e6:.0f} MB",
                killed=group.kills(),
            )
            assert set(statuses) <= expected
            assert "ended by itself" not in host.log_text()
            assert group.kills() == 0
            if not headers:
                assert peak < 300_000_000
            assert post(host.url, body, KEYS) == 200


@pytest.mark.parametrize("megabytes", [900, 512])
def test_the_local_host_sheds_load_in_little_memory_and_comes_back(
    megabytes: int, graph: Path, figures: Figures
) -> None:
    assert graph.is_file()
    body = body_of(20_000_000)
    with group_of(megabytes) as group, host_in(group, PROJECT) as host:
        statuses = send(host.url, body, {}, at_once=16)
        figures.add(
            memory=f"{megabytes} MB",
            bodies=f"{REQUESTS} x 20 MB, 16 at once",
            statuses=", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())),
            peak=f"{group.peak() / 1e6:.0f} MB",
            killed=group.kills(),
        )
        assert set(statuses) <= {200, 429}
        assert group.kills() == 0
        assert post(host.url, body_of(1_000_000), {}) == 200
