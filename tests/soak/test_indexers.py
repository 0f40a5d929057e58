"""AI Search's own traffic, by the stand-in: three indexers at once over an instance of 2 GiB lose no record."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.runs import history, reset
from local.processes import PROJECT
from tests.local.search.deployments import deployed, index, settings
from tests.soak.figures import Figures
from tests.soak.guarded import KEY, LIMITS, group_of, guarded_app, instance

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial")]

INDEXERS = 3
MEGABYTES = 2048
PICTURES = PROJECT / "data" / "train"


def test_three_indexers_at_once_lose_no_record(tmp_path: Path, graph: Path, long: bool, figures: Figures) -> None:
    assert graph.is_file()
    until = time.monotonic() + (1800 if long else 1)
    # A machine that does other work is slower than the 25 seconds that are meant for one of its own.
    slow = {"MAX_REQUEST_SECONDS": "100"}
    app = guarded_app(tmp_path / "app")
    with group_of(MEGABYTES) as group, instance(group, app, MEGABYTES, **slow) as host:
        url = f"{host.url}/api/extraction"

        def run_again_and_again(_: int) -> tuple[int, int]:
            of = settings(url, skill_key=KEY, skill_max_request_bytes=LIMITS[MEGABYTES][1])
            runs = 1
            with deployed(of, PICTURES) as clients:
                assert [(one.failed, one.findings) for one in history(clients) if one.failed] == []
                pictures = check(clients)
                while time.monotonic() < until:
                    reset(clients)
                    finished = index(clients, retry=False)
                    assert (finished.processed, finished.failed, finished.findings) == (pictures, 0, [])
                    check(clients)
                    runs += 1
            return runs, pictures

        with ThreadPoolExecutor(INDEXERS) as pool:
            results = list(pool.map(run_again_and_again, range(INDEXERS)))
        log = host.log_text()
        refused = log.count(" 429 in ")
        figures.add(
            indexers=INDEXERS,
            runs=sum(runs for runs, _ in results),
            pictures=sum(runs * pictures for runs, pictures in results),
            lost=0,
            refused=refused,
            peak=f"{group.peak() / 1e6:.0f} MB",
            killed=group.kills(),
        )
        assert group.kills() == 0
        assert "ended by itself" not in log


def check(clients: Clients) -> int:
    """See that every picture of the container is in the index with the model's answer; how many there are."""
    there = {blob.name for blob in clients.images.list_blobs()}
    hits = list(clients.documents.search("*", filter="model_version ne null", top=1000))
    assert len(hits) == len(there)
    return len(there)
