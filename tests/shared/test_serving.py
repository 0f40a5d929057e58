"""The model server: one load, quiet refreshes, and the last good model through every kind of trouble."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared import loading
from shared.bundle import CLUSTERS, LABELS, MANIFEST, Labels, read_bundle, write_labels
from shared.releases import pointer_key, version_key
from shared.serving import ModelServer, NotReadyError
from shared.settings import Settings
from shared.store import StoreError, graph_key, open_store
from tests.tiny_models import tiny_model
from training.publishing import publish, roll_back
from training.transfers import show

NEVER = 3600.0
"""Refresh time of servers that these tests refresh by hand."""


class Watched:
    """A store that counts what is asked of it and can be made slow or unreachable. It is remote to its users."""

    folder = None

    def __init__(self, root: Path) -> None:
        self._store = open_store(str(root))
        self.location = self._store.location
        self.calls: Counter[str] = Counter()
        self.down = False
        self.delay = 0.0

    def __getattr__(self, name: str) -> Callable[..., object]:
        act = getattr(self._store, name)
        if name == "where":
            return act

        def watched(key: str, *arguments: object) -> object:
            self.calls[f"{name} {key.rpartition('/')[2]}"] += 1
            time.sleep(self.delay)
            if self.down:
                raise StoreError(f"{self.location} can't be reached")
            return act(key, *arguments)

        return watched


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def watched(root: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    store = Watched(root)

    def open_it(location: str, connection_string: str | None) -> Watched:
        return store

    monkeypatch.setattr(loading, "open_store", open_it)
    return store


@pytest.fixture
def settings(root: Path, tmp_path: Path) -> Settings:
    return Settings(model_store=str(root), model_cache=tmp_path / "cache", model_refresh_seconds=NEVER)


@pytest.fixture
def publishes(root: Path, models: Path) -> Callable[..., str]:
    """Makes a tiny model and publishes it; returns its version."""

    def make(**options: object) -> str:
        tiny_model(models, **options)  # pyright: ignore[reportArgumentType] - its own keyword arguments
        return publish(open_store(str(root)), models / "books", show).version

    return make


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
    assert server.refresh() == NEVER
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


def take_down(watched: Watched, key: Callable[[str], Path]) -> None:
    watched.down = True


def remove_pointer(watched: Watched, key: Callable[[str], Path]) -> None:
    key("current.json").unlink()


def tear_pointer(watched: Watched, key: Callable[[str], Path]) -> None:
    key("current.json").write_bytes(b'{"version": "0123')


def corrupt_arrays(watched: Watched, key: Callable[[str], Path]) -> None:
    path = key(CLUSTERS)
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def remove_arrays(watched: Watched, key: Callable[[str], Path]) -> None:
    key(CLUSTERS).unlink()


def alter_manifest(watched: Watched, key: Callable[[str], Path]) -> None:
    path = key(MANIFEST)
    path.write_bytes(path.read_bytes().replace(b'"eps": 0.1', b'"eps": 0.9'))


def write_newer_pointer(watched: Watched, key: Callable[[str], Path]) -> None:
    key("current.json").write_bytes(b'{"format": 2}')


def exchange_graph(watched: Watched, key: Callable[[str], Path]) -> None:
    key("graph").write_bytes(key("other graph").read_bytes())


TROUBLES = [
    (take_down, "can't be reached"),
    (remove_pointer, "holds no model 'books'"),
    (tear_pointer, "current.json is damaged"),
    (write_newer_pointer, "has format 2, this code reads format 1"),
    (corrupt_arrays, "clusters.npz is damaged"),
    (remove_arrays, "clusters.npz is missing"),
    (alter_manifest, "manifest.json is damaged"),
    (exchange_graph, ".onnx is damaged"),
]


@pytest.mark.parametrize(("spoil", "message"), TROUBLES, ids=[spoil.__name__ for spoil, _ in TROUBLES])
def test_the_last_good_model_outlives_trouble_that_is_logged_once(
    watched: Watched,
    settings: Settings,
    publishes: Callable[..., str],
    root: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Watched, Callable[[str], Path]], None],
    message: str,
) -> None:
    caplog.set_level(logging.INFO, "shared")
    first = publishes()
    server = ModelServer(settings)
    old_graph = graph_key(server.current().embedder.spec.graph_sha256)
    second = publishes(seed=1, graph=1)
    (new_graph,) = {f"embedders/{path.name}" for path in (root / "embedders").iterdir()} - {old_graph}
    keys = {"current.json": pointer_key("books"), "graph": new_graph, "other graph": old_graph}
    intact = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    spoil(watched, lambda name: root / keys.get(name, f"{version_key('books', second)}/{name}"))
    caplog.clear()
    for _ in range(3):
        assert server.refresh() == NEVER
        assert server.current().version == first
        assert server.problem is not None
        assert message in server.problem
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    with pytest.raises(NotReadyError) as caught:
        ModelServer(settings.model_copy(update={"model_cache": settings.model_cache / "empty"})).current()
    assert message in str(caught.value)

    watched.down = False
    for path, content in intact.items():
        path.write_bytes(content)
    caplog.clear()
    server.refresh()
    assert server.current().version == second
    assert server.problem is None
    assert caplog.messages[-1] == "the model store is in order again"


def test_a_new_worker_serves_the_last_good_model_from_its_cache(
    watched: Watched, settings: Settings, publishes: Callable[..., str]
) -> None:
    first = publishes()
    ModelServer(settings).current()
    watched.down = True
    server = ModelServer(settings)
    assert server.current().version == first
    assert server.problem is not None
    watched.down = False
    second = publishes(seed=1)
    server.refresh()
    assert server.current().version == second


def test_the_next_worker_downloads_nothing(watched: Watched, settings: Settings, publishes: Callable[..., str]) -> None:
    publishes()
    ModelServer(settings).current()
    watched.calls.clear()
    ModelServer(settings).current()
    assert watched.calls == {"read current.json": 1}


def test_without_a_model_the_store_is_asked_now_and_then_only(
    watched: Watched, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ModelServer(settings)
    for _ in range(50):
        with pytest.raises(
            NotReadyError, match=f"{watched.location} holds no model 'books': there is no books/current"
        ):
            server.current()
    assert watched.calls["read current.json"] == 1
    assert server.refresh() == 5


def test_a_model_that_takes_long_to_arrive_is_not_waited_for_forever(
    watched: Watched, settings: Settings, publishes: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publishes()
    monkeypatch.setattr("shared.serving._FIRST_WAIT_SECONDS", 0.05)
    watched.delay = 0.2
    server = ModelServer(settings)
    with pytest.raises(NotReadyError, match="'books' is still on its way from"):
        server.current()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            server.current()
            break
        except NotReadyError:
            time.sleep(0.05)
    assert server.current().manifest.name == "books"


def test_settings_that_make_no_sense_are_told_of(settings: Settings) -> None:
    server = ModelServer(settings.model_copy(update={"model_name": "../books"}))
    with pytest.raises(NotReadyError, match="can't be a model's name"):
        server.current()


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
