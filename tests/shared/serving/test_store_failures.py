"""The model in service outlives a store that is down, damaged, newer than the code, or slow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.model.bundle import CLUSTERS, MANIFEST
from shared.serving.model_server import ModelServer, NotReadyError
from shared.settings import Settings
from shared.stores.graphs import graph_key
from shared.stores.releases import pointer_key, version_key
from tests.shared.serving.watched_store import Watched


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


FAILURES = [
    (take_down, "can't be reached"),
    (remove_pointer, "holds no model 'books'"),
    (tear_pointer, "current.json is damaged"),
    (write_newer_pointer, "has format 2, this code reads format 1"),
    (corrupt_arrays, "clusters.npz is damaged"),
    (remove_arrays, "clusters.npz is missing"),
    (alter_manifest, "manifest.json is damaged"),
    (exchange_graph, ".onnx is damaged"),
]


@pytest.mark.parametrize(("spoil", "message"), FAILURES, ids=[spoil.__name__ for spoil, _ in FAILURES])
def test_the_last_good_model_stays_in_service_and_a_lasting_failure_is_logged_once(
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
    (new_graph,) = {f"embedders/{path.name}" for path in (root / "embedders").glob("*.onnx")} - {old_graph}
    keys = {"current.json": pointer_key("books"), "graph": new_graph, "other graph": old_graph}
    intact = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    spoil(watched, lambda name: root / keys.get(name, f"{version_key('books', second)}/{name}"))
    caplog.clear()
    for _ in range(3):
        assert server.refresh() == settings.model_refresh_seconds
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
    assert caplog.messages[-1] == "the model store works again"


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


def test_without_a_model_requests_do_not_each_ask_the_store(
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


def test_waiting_for_a_slow_store_has_a_limit(
    watched: Watched, settings: Settings, publishes: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publishes()
    monkeypatch.setattr("shared.serving.model_server._FIRST_WAIT_SECONDS", 0.05)
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


def test_an_impossible_model_name_is_reported(settings: Settings) -> None:
    server = ModelServer(settings.model_copy(update={"model_name": "../books"}))
    with pytest.raises(NotReadyError, match="can't be a model's name"):
        server.current()
