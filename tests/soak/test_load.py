"""Mixed traffic against the local host with the real network.

Within the queue's bound no valid request fails and memory stays flat; beyond it there is 429 and nothing worse.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles

import httpx
import pytest

from local.processes import PROJECT, RunningHost, start_host
from tests.soak.figures import Figures
from tests.soak.traffic import Sample, kinds, run, send

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial")]

SEED = "1"
CLIENTS = 12
"""Fewer than host.json's maxOutstandingRequests: nobody may be refused."""
CROWD = 100
"""More than that."""

# The allocator keeps what threads and batches once took, so that memory rises until the worst has happened once.
MOST_GROWTH = 1.05
MOST_GROWTH_AT_FIRST = 2


@pytest.fixture(scope="module")
def host(graph: Path) -> Iterator[RunningHost]:
    assert graph.is_file()
    settings = {"MODEL_STORE": str(PROJECT / "models"), "MODEL_NAME": "books", "KEY": ""}
    with start_host(PROJECT, env=settings) as running:
        yield running


async def _watched(host: RunningHost, url: str, seconds: float) -> tuple[list[Sample], list[int]]:
    """The traffic's samples and the host's resident memory, in megabytes, second by second."""
    traffic = asyncio.create_task(run(url, CLIENTS, seconds, SEED))
    memory: list[int] = []
    while not traffic.done():
        await asyncio.wait([traffic], timeout=1)
        memory.append(resident(host.worker))
    return await traffic, memory


def resident(process: int) -> int:
    """Megabytes."""
    return int(Path(f"/proc/{process}/status").read_text().split("VmRSS:")[1].split()[0]) >> 10


def test_nothing_fails_under_load_and_a_crowd_is_refused_in_good_order(
    host: RunningHost, long: bool, figures: Figures
) -> None:
    url = f"{host.url}/api/extraction"
    asyncio.run(run(url, CLIENTS if long else 8, 60 if long else 2, f"{SEED}:warm-up"))
    started = time.monotonic()
    samples, memory = asyncio.run(_watched(host, url, 600 if long else 5))
    _record_latency(figures, samples, time.monotonic() - started)
    thirds = [round(median(memory[third * len(memory) // 3 : (third + 1) * len(memory) // 3])) for third in range(3)]
    figures.add(
        **{
            f"host's memory in the {name} third": f"{value} MB"
            for name, value in zip(("first", "second", "last"), thirds, strict=True)
        },
        peak=f"{max(memory)} MB",
    )
    assert [sample.problem for sample in samples if not sample.right] == []
    assert thirds[2] <= thirds[0] * (MOST_GROWTH if long else MOST_GROWTH_AT_FIRST)

    crowd = asyncio.run(run(url, CROWD, 30 if long else 2, f"{SEED}:crowd"))
    refused = [sample for sample in crowd if sample.status == 429]
    wrong = [sample.problem for sample in crowd if not sample.right and sample.status != 429]
    recovery = asyncio.run(_time_to_recover(url))
    statuses = Counter(sample.status for sample in crowd)
    figures.add(
        clients=CROWD,
        requests=len(crowd),
        statuses=", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())),
        wrong=len(wrong),
        **{"answered again after": f"{recovery:.1f} s", "host's memory": f"{resident(host.worker)} MB"},
    )
    assert wrong == []
    assert refused, "the crowd was too small to be refused"
    assert recovery < 5


async def _time_to_recover(url: str) -> float:
    """Seconds until a picture is answered rightly, when all the others are gone."""
    started = time.perf_counter()
    async with httpx.AsyncClient(timeout=60) as http:
        while not (await send(http, url, kinds()[0])).right:
            assert time.perf_counter() - started < 60
            await asyncio.sleep(0.2)
    return time.perf_counter() - started


def _record_latency(figures: Figures, samples: Sequence[Sample], seconds: float) -> None:
    by_kind: dict[str, list[Sample]] = {"all": list(samples)}
    for sample in samples:
        by_kind.setdefault(sample.kind.name, []).append(sample)
    for name, group in by_kind.items():
        times = [sample.seconds for sample in group]
        centiles = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
        pictures = sum(sample.kind.pictures for sample in group)
        figures.add(
            **{f"{CLIENTS} clients, {seconds:.0f} s": name},
            requests=len(group),
            failed=sum(not sample.right for sample in group),
            median=f"{centiles[49]:.2f} s",
            p90=f"{centiles[89]:.2f} s",
            p99=f"{centiles[98]:.2f} s",
            slowest=f"{max(times):.2f} s",
            **{"pictures/s": f"{pictures / seconds:.1f}"},
        )
