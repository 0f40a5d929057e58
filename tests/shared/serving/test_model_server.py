"""The model server: one load, quiet refreshes, and an end."""

from __future__ import annotations

import gc
import logging
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.model.bundle import CLUSTERS, LABELS, MANIFEST, Labels, read_bundle, write_labels
from shared.serving.model_server import ModelServer
from shared.settings import Settings
from shared.stores.opening import open_store
from tests.shared.serving.watched_store import Watched
from tests.tiny_models import tiny_model
from training.release.publishing import roll_back


def test_twenty_first_requests_are_one_download_and_one_load(
    watched: Watched, settings: Settings, publishes: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shared")
    version = publishes()
    watched.delay = 0.05
    server = ModelServer(settings)
    barrier = threading.Barrier(20)

    def request(_: int) -> object:
        barrier.wait()
        return server.current()

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(request, range(20)))
    assert len(answers) == 1
    assert server.current().version == version
    graph = f"stream {server.current().embedder.spec.graph_sha256}.onnx"
    assert watched.calls == {
        "read current.json": 1,
        f"stream {MANIFEST}": 1,
        f"stream {CLUSTERS}": 1,
        f"stream {LABELS}": 1,
        graph: 1,
    }
    assert caplog.messages == [f"serving model books, version {version}"]


def test_an_unchanged_pointer_costs_one_conditional_read(
    watched: Watched, settings: Settings, publishes: Callable[..., str]
) -> None:
    publishes()
    server = ModelServer(settings)
    model = server.current()
    watched.calls.clear()
    assert server.refresh() == settings.model_refresh_seconds
    assert watched.calls == {"changed current.json": 1}
    assert server.current() is model


def test_new_names_and_new_models_are_swapped_in(
    watched: Watched, settings: Settings, publishes: Callable[..., str]
) -> None:
    first = publishes()
    server = ModelServer(settings)
    before = server.current()
    renamed = publishes(names="closed book")
    watched.calls.clear()
    server.refresh()
    assert server.current().version == renamed
    assert server.current().embedder is before.embedder
    assert server.current().labels.labels[0] == ("closed book",)
    assert watched.calls == {"changed current.json": 1, f"stream {MANIFEST}": 1, f"stream {LABELS}": 1}
    other = publishes(seed=1, graph=1)
    server.refresh()
    assert server.current().version == other
    assert server.current().embedder is not before.embedder
    assert before.version == first


def test_rolling_back_costs_no_download(
    watched: Watched, settings: Settings, publishes: Callable[..., str], root: Path
) -> None:
    first = publishes()
    server = ModelServer(settings)
    server.current()
    publishes(seed=1)
    server.refresh()
    roll_back(open_store(str(root)), "books", None)
    watched.calls.clear()
    server.refresh()
    assert server.current().version == first
    assert watched.calls == {"changed current.json": 1}


def test_a_refresh_never_makes_a_request_wait(
    watched: Watched, settings: Settings, publishes: Callable[..., str]
) -> None:
    first = publishes()
    server = ModelServer(settings)
    server.current()
    second = publishes(seed=1)
    watched.delay = 0.3
    refresh = threading.Thread(target=server.refresh)
    refresh.start()
    slowest = 0.0
    while refresh.is_alive() and server.current().version == first:
        started = time.perf_counter()
        server.current()
        slowest = max(slowest, time.perf_counter() - started)
        time.sleep(0.01)
    refresh.join()
    assert server.current().version == second
    assert slowest < 0.2


def test_the_store_is_followed_by_itself(settings: Settings, publishes: Callable[..., str]) -> None:
    publishes()
    server = ModelServer(settings.model_copy(update={"model_refresh_seconds": 0.05}))
    server.current()
    second = publishes(seed=1)
    deadline = time.monotonic() + 5
    while server.current().version != second and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.current().version == second


def test_a_relabelled_working_bundle_is_picked_up(models: Path, settings: Settings) -> None:
    tiny_model(models)
    server = ModelServer(settings.model_copy(update={"model_store": str(models)}))
    server.current()
    write_labels(models / "books", Labels(labels={0: ("closed book",)}))
    server.refresh()
    assert server.current().version == read_bundle(models / "books").version
    assert server.current().labels.labels == {0: ("closed book",)}


def test_a_pinned_version_stays(settings: Settings, publishes: Callable[..., str]) -> None:
    first = publishes()
    publishes(seed=1)
    server = ModelServer(settings.model_copy(update={"model_version": first}))
    assert server.current().version == first
    assert server.refresh() is None


def test_the_next_worker_downloads_nothing(watched: Watched, settings: Settings, publishes: Callable[..., str]) -> None:
    publishes()
    ModelServer(settings).current()
    watched.calls.clear()
    ModelServer(settings).current()
    assert watched.calls == {"read current.json": 1}


def test_the_thread_ends_with_the_server(settings: Settings, publishes: Callable[..., str]) -> None:
    publishes()
    others = set(threading.enumerate())
    server = ModelServer(settings)
    server.current()
    (thread,) = set(threading.enumerate()) - others
    assert thread.name == "model-refresh"
    del server
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ('{"edits": {"eps": {"2": 0}}}', r"edits\.eps\.2"),
        ('{"edits": {"eps": {"2": 1e400}}}', r"edits\.eps\.2"),
        ('{"labels": {"-1": ["everything"]}}', "labels has cluster -1, which is unknown"),
    ],
    ids=["a radius of 0", "an infinite radius", "a name for no cluster"],
)
def test_a_version_that_nothing_can_be_answered_with_leaves_the_last_good_one_in_service(
    settings: Settings, root: Path, labels: str, problem: str
) -> None:
    tiny_model(root)
    server = ModelServer(settings)
    good = server.current()
    (root / "books" / LABELS).write_text(labels, encoding="utf-8")
    server.refresh()
    assert server.current() is good
    assert re.search(problem, server.problem or "")
    write_labels(root / "books", good.labels)
    server.refresh()
    assert server.problem is None
