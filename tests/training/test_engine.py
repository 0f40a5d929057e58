from __future__ import annotations

import importlib
import os
import socket
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import Client
from joblib import delayed

from shared.embedding.images import PictureError
from shared.model.core_samples import Metric
from tests.training.clustering.points import points
from tests.training.dask_cluster import DaskCluster, dask_cluster
from tests.training.engine_tasks import die, die_holding, element, fail
from training import engine as engine_module
from training.clustering.clusters import Parameters, find_groups
from training.engine import LOCAL, Call, Engine, EngineError, EngineName, check_toolchain, open_engine, toolchain

pytestmark = pytest.mark.slow

NUMBERS = np.arange(200_000, dtype=np.float64)
"""1.6 MB: large enough that no engine copies it into every task."""


@pytest.fixture(
    params=["threads", "processes", pytest.param("dask", marks=[pytest.mark.slow, pytest.mark.xdist_group("dask")])]
)
def engine(request: pytest.FixtureRequest) -> Generator[Engine]:
    name: EngineName = request.param
    scheduler = request.getfixturevalue("cluster").address if name == "dask" else None
    with open_engine(name, scheduler) as opened:
        yield opened


def calls(count: int, seconds: float = 0) -> Iterator[Call]:
    return (delayed(element)(NUMBERS, position, seconds) for position in range(count))


def test_results_come_in_order_or_as_they_are_ready(engine: Engine) -> None:
    ordered = list(engine.run(calls(60), tuple[float, int], shared=[NUMBERS], ordered=True))
    assert [number for number, _ in ordered] == list(range(60))
    some = list(engine.run(calls(60), tuple[float, int], shared=[NUMBERS], ordered=False))
    assert sorted(number for number, _ in some) == list(range(60))


def test_work_is_done_where_it_should_be(engine: Engine) -> None:
    found = {process for _, process in engine.run(calls(8, 0.05), tuple[float, int], shared=[NUMBERS], ordered=True)}
    assert (found == {os.getpid()}) == engine.here
    assert engine.here or os.getpid() not in found


def test_without_work_no_worker_is_needed() -> None:
    assert list(Engine("dask").run(iter(()), int, ordered=True)) == []


def test_what_a_task_raises_is_raised(engine: Engine) -> None:
    with pytest.raises(PictureError, match="it is empty"):
        list(engine.run([delayed(fail)("it is empty")] * 4, type(None), ordered=True))


def test_calls_are_not_all_taken_at_once(engine: Engine) -> None:
    taken: list[int] = []

    def noted() -> Iterator[Call]:
        for position in range(200):
            taken.append(position)
            yield delayed(element)(NUMBERS, position, 0.02)

    results = engine.run(noted(), tuple[float, int], shared=[NUMBERS], ordered=True)
    next(results)
    results.close()
    assert len(taken) < 100


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_every_engine_finds_the_same_clusters(engine: Engine, metric: Metric) -> None:
    vectors = points(3, 3000)
    found, expected = (find_groups(vectors, Parameters(metric=metric), each).clusters for each in (engine, LOCAL))
    assert found.count > 1
    assert found.labels.tolist() == expected.labels.tolist()
    assert found.radius.tolist() == expected.radius.tolist()


def test_a_process_that_dies_ends_the_run_with_an_explanation(tmp_path: Path) -> None:
    with (
        open_engine("processes") as engine,
        pytest.raises(EngineError, match=r"the workers were lost .*Embeddings that came back are kept"),
    ):
        list(engine.run([delayed(die)(tmp_path / "once")] * 2, str, ordered=True))


@pytest.mark.slow
@pytest.mark.xdist_group("dask")
def test_a_dask_worker_that_dies_is_replaced(cluster: DaskCluster, tmp_path: Path) -> None:
    with open_engine("dask", cluster.address) as engine:
        found = list(engine.run([delayed(die)(tmp_path / "once")] * 6, str, ordered=True))
    assert found == ["alive"] * 6


@pytest.mark.slow
def test_losing_a_machine_loses_no_results(tmp_path: Path) -> None:
    with dask_cluster(tmp_path) as cluster, open_engine("dask", cluster.address) as engine:
        results = engine.run(calls(60, 0.1), tuple[float, int], shared=[NUMBERS], ordered=True)
        found = [next(results) for _ in range(10)]
        cluster.workers[0].kill()
        found += results
    assert [number for number, _ in found] == list(range(60))


@pytest.mark.slow
def test_what_all_tasks_share_is_not_lost_with_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ACTIVE_MEMORY_MANAGER__INTERVAL", "50ms")
    with dask_cluster(tmp_path) as cluster:
        with open_engine("dask", cluster.address) as engine:
            last = [delayed(die_holding)(NUMBERS, tmp_path / "once", 1)]
            found = list(engine.run(last, str, shared=[NUMBERS], ordered=True))
        assert found == [f"{NUMBERS.size} alive"]
        with Client(cluster.address, set_as_default=False) as client:
            assert client.amm.running(), "and the scheduler is left as it was"


@pytest.mark.slow
def test_losing_all_machines_ends_the_run_with_an_explanation(tmp_path: Path) -> None:
    with dask_cluster(tmp_path) as cluster, open_engine("dask", cluster.address) as engine:
        results = engine.run(calls(60, 0.1), tuple[float, int], shared=[NUMBERS], ordered=True)
        next(results)
        for worker in cluster.workers:
            worker.kill()
        with pytest.raises(EngineError, match="the workers were lost"):
            list(results)


@pytest.mark.slow
def test_losing_the_scheduler_ends_the_run_with_an_explanation(tmp_path: Path) -> None:
    with dask_cluster(tmp_path) as cluster, open_engine("dask", cluster.address) as engine:
        results = engine.run(calls(60, 0.1), tuple[float, int], shared=[NUMBERS], ordered=True)
        next(results)
        cluster.scheduler.stop(grace=0)
        with pytest.raises(EngineError, match="the workers were lost"):
            list(results)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_a_scheduler_without_workers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setattr(engine_module, "_WORKERS_SECONDS", 0.2)
    with (
        dask_cluster(tmp_path, workers) as cluster,
        pytest.raises(
            EngineError, match=f"workers of {cluster.address} have {workers} threads.*worker {cluster.address}"
        ),
        open_engine("dask", cluster.address),
    ):
        raise AssertionError("it must not open")


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    importlib.import_module("distributed")  # the clock is for the connection
    started = time.monotonic()
    with pytest.raises(OSError, match=f"tcp://127.0.0.1:{port}"), open_engine("dask", f"tcp://127.0.0.1:{port}"):
        raise AssertionError("it must not open")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("name", "scheduler"), [("dask", None), ("threads", "tcp://a:1"), ("processes", "tcp://a:1")])
def test_an_engine_and_its_scheduler_go_together(name: EngineName, scheduler: str | None) -> None:
    with pytest.raises(EngineError, match="--engine dask --scheduler ADDRESS"), open_engine(name, scheduler):
        raise AssertionError("it must not open")


def test_a_worker_with_other_tools_is_refused() -> None:
    check_toolchain(toolchain())
    with pytest.raises(EngineError, match=r"a worker on .* has pillow \S+, and not 1\.2\.3 as this process"):
        check_toolchain(toolchain() | {"pillow": "1.2.3"})
