"""One model whoever computes it: `python -m training train` from a container, by every engine, also when one fails."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from shared.model.bundle import MANIFEST, REPORT
from shared.pictures.folder import find_pictures
from shared.pictures.listing import pictures_at
from tests.bundles import SPEC, link_graph
from tests.conftest import PROJECT
from tests.shared.pictures.test_container import Container, container
from tests.training.dask_cluster import DaskCluster, dask_cluster
from tests.training.near_copies import EPS, near_copies
from training.embedding.cache import EmbeddingCache

__all__ = ["container"]  # a fixture

pytestmark = pytest.mark.slow


class Checkout:
    """This project in a place of its own, with an empty cache."""

    def __init__(self, folder: Path, graph: Path) -> None:
        self.folder = folder
        self.bundle = folder / "models" / "books"
        folder.mkdir()
        for package in ("shared", "training"):
            (folder / package).symlink_to(PROJECT / package, target_is_directory=True)
        link_graph(graph, folder / "models")

    def start(self, pictures: str, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "training", "train", pictures, "--name", "books", "--eps", str(EPS), *options]
        return subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)

    def contents(self) -> dict[str, bytes]:
        """The bundle's files, but for the time that it was made at."""
        created = json.loads((self.bundle / MANIFEST).read_bytes())["created"].encode()
        return {path.name: path.read_bytes().replace(created, b"") for path in self.bundle.iterdir()}

    def embedded(self, pictures: str) -> int:
        """How many of the pictures its cache knows."""
        with closing(EmbeddingCache(SPEC, self.folder / ".cache" / "embeddings.sqlite")) as cache:
            return sum(cache.by_fingerprint(source.fingerprint()) is not None for source in pictures_at(pictures))


def finish(process: subprocess.Popen[str]) -> str:
    _, said = process.communicate()
    assert process.returncode == 0, said
    return said


@pytest.fixture
def filled(container: Container, tmp_path: Path) -> Container:
    near_copies(tmp_path / "pictures", groups=3, each=12)
    for source in find_pictures(tmp_path / "pictures"):
        container.put({f"spring/{source.name}": source.content()})
    container.put({"spring/broken.png": b"no picture", "elsewhere.png": b""})
    return container


@pytest.fixture
def cluster(filled: Container, tmp_path: Path) -> Generator[DaskCluster]:
    """After the container, whose credential workers find in their environment."""
    with dask_cluster(tmp_path / "workers") as started:
        yield started


def test_every_engine_writes_the_same_bundle(
    filled: Container, cluster: DaskCluster, graph: Path, tmp_path: Path
) -> None:
    pictures = f"{filled.url}/spring"
    threads, processes, dask = (Checkout(tmp_path / name, graph) for name in ("threads", "processes", "dask"))
    said = finish(threads.start(pictures))
    assert "3 groups in 37 pictures" in said
    assert "Skipped broken.png: it is not a picture" in said
    said = finish(processes.start(pictures, "--engine", "processes"))
    assert "Skipped broken.png: it is not a picture" in said
    said = finish(dask.start(pictures, "--engine", "dask", "--scheduler", cluster.address))
    assert "Embedding" in said
    assert "38/38" in said
    assert threads.contents().keys() >= {MANIFEST, REPORT}
    assert threads.contents() == processes.contents() == dask.contents()
    assert dask.embedded(pictures) == 37


def test_a_worker_lost_halfway_changes_nothing(
    filled: Container, cluster: DaskCluster, graph: Path, tmp_path: Path
) -> None:
    pictures = f"{filled.url}/spring"
    alone, helped = Checkout(tmp_path / "alone", graph), Checkout(tmp_path / "helped", graph)
    finish(alone.start(pictures))
    running = helped.start(pictures, "--engine", "dask", "--scheduler", cluster.address)
    while helped.embedded(pictures) < 8:
        assert running.poll() is None, "it ended before a worker could be killed"
        time.sleep(0.1)
    cluster.workers[0].kill()
    assert helped.embedded(pictures) < 37
    finish(running)
    assert helped.contents() == alone.contents()
