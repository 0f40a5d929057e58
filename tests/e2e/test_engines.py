"""One model whoever computes it: `python -m training train` from a container, by every engine, also when one fails."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shared.model.bundle import MANIFEST, REPORT
from shared.pictures.folder import find_pictures
from tests.e2e.checkout import Checkout, finish
from tests.stores import Container
from tests.training.dask_cluster import DaskCluster, dask_cluster
from tests.training.near_copies import near_copies

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]


@pytest.fixture
def filled(container: Container, tmp_path: Path) -> Container:
    near_copies(tmp_path / "pictures", groups=3, each=12)
    for source in find_pictures(tmp_path / "pictures"):
        container.put({f"spring/{source.name}": source.content()})
    container.put({"spring/broken.png": b"no picture", "elsewhere.png": b""})
    return container


def test_every_engine_writes_the_same_bundle(
    filled: Container, cluster: DaskCluster, graph: Path, tmp_path: Path
) -> None:
    pictures = f"{filled.url}/spring"
    threads, processes, dask = (Checkout(tmp_path / name, graph) for name in ("threads", "processes", "dask"))
    _, said = finish(threads.start(pictures))
    assert "The groups in 37 pictures: 3" in said
    assert "Skipped broken.png: it is not a picture" in said
    _, said = finish(processes.start(pictures, "--engine", "processes"))
    assert "Skipped broken.png: it is not a picture" in said
    _, said = finish(dask.start(pictures, "--engine", "dask", "--scheduler", cluster.address))
    assert "Embedding" in said
    assert "38/38" in said
    assert threads.contents().keys() >= {MANIFEST, REPORT}
    assert threads.contents() == processes.contents() == dask.contents()
    assert dask.embedded(pictures) == 37


def test_a_worker_lost_halfway_changes_nothing(filled: Container, graph: Path, tmp_path: Path) -> None:
    pictures = f"{filled.url}/spring"
    alone, helped = Checkout(tmp_path / "alone", graph), Checkout(tmp_path / "helped", graph)
    finish(alone.start(pictures))
    with dask_cluster(tmp_path / "workers") as cluster:
        running = helped.start(pictures, "--engine", "dask", "--scheduler", cluster.address)
        while helped.embedded(pictures) < 8:
            assert running.poll() is None, "it ended before a worker could be killed"
            time.sleep(0.1)
        cluster.workers[0].kill()
        assert helped.embedded(pictures) < 37
        finish(running)
    assert helped.contents() == alone.contents()
