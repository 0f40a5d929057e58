"""What production left unclustered is recorded in the background, and never at an answer's cost."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from shared.embedding.pipeline import Vector
from shared.model.model import Model
from shared.serving import unclustered_record
from shared.serving.api import Api
from shared.serving.model_server import ModelServer
from shared.serving.unclustered_record import UnclusteredRecord, read_record
from shared.settings import Settings
from shared.stores.base import Store
from shared.stores.folder import FolderStore
from tests.conftest import encode, noise_picture
from tests.tiny_models import tiny_model

URL = "https://account.blob.core.windows.net/images/{}.jpg"
TIMEOUT = 30


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unclustered_record, "_PAUSE_SECONDS", 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    name = tiny_model(tmp_path / "models").manifest.name
    return Settings(model_store=str(tmp_path / "models"), model_name=name, allow_anonymous=True)


@pytest.fixture
def model(settings: Settings) -> Model:
    return ModelServer(settings).current()


def embedding(model: Model, seed: int) -> Vector:
    return np.random.default_rng(seed).random(model.embedder.spec.dimensions, dtype=np.float32)


def today(model: Model) -> str:
    return f"{model.manifest.name}/unclustered/{datetime.now(UTC).date().isoformat()}.jsonl"


def test_what_was_recorded_is_read_once_for_each_picture(tmp_path: Path, model: Model) -> None:
    store = FolderStore(tmp_path)
    record = UnclusteredRecord(lambda: store)
    for seed, name in enumerate("aba"):
        record.add(model, URL.format(name), "cat", embedding(model, seed))
        assert record.wait(TIMEOUT)
    found = {line.picture: line for line in read_record(store, model.manifest.name, model.embedder.spec)}
    assert found.keys() == {URL.format("a"), URL.format("b")}
    assert (found[URL.format("a")].embedding() == embedding(model, 2)).all()
    assert (found[URL.format("a")].category, found[URL.format("a")].version) == ("cat", model.version)
    other = model.embedder.spec.model_copy(update={"resize": "point"})
    assert read_record(store, model.manifest.name, other) == []
    later = datetime.now(UTC).date() + timedelta(31)
    assert read_record(store, model.manifest.name, model.embedder.spec, today=later) == []


def test_the_latest_are_read_where_there_are_too_many(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    record = UnclusteredRecord(lambda: store)
    for seed in range(4):
        record.add(model, URL.format(seed), None, embedding(model, seed))
        assert record.wait(TIMEOUT)
    yesterday = tmp_path / today(model)
    yesterday.rename(yesterday.with_name(f"{datetime.now(UTC).date() - timedelta(1)}.jsonl"))
    for seed in (3, 4):
        record.add(model, URL.format(seed), None, embedding(model, seed))
    assert record.wait(TIMEOUT)
    monkeypatch.setattr(unclustered_record, "READ_BYTES", 4 * 4 * model.embedder.spec.dimensions - 1)
    found = read_record(store, model.manifest.name, model.embedder.spec)
    assert [line.picture for line in found] == [URL.format(seed) for seed in (4, 3, 2)]


def test_a_damaged_line_costs_no_other(tmp_path: Path, model: Model) -> None:
    store = FolderStore(tmp_path)
    record = UnclusteredRecord(lambda: store)
    record.add(model, URL.format("a"), None, embedding(model, 1))
    assert record.wait(TIMEOUT)
    with (tmp_path / today(model)).open("ab") as file:
        file.write(b'{"picture": "cut')
    assert len(read_record(store, model.manifest.name, model.embedder.spec)) == 1


def test_a_storm_costs_dropped_lines_only(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unclustered_record, "_LINES", 3)
    free = threading.Event()

    def blocked() -> Store:
        free.wait(TIMEOUT)
        return FolderStore(tmp_path)

    record = UnclusteredRecord(blocked)
    for seed in range(50):
        record.add(model, URL.format(seed), None, embedding(model, seed))
    assert not record.wait(0.01)
    free.set()
    assert record.wait(TIMEOUT)
    record.add(model, URL.format("last"), None, embedding(model, 0))
    assert record.wait(TIMEOUT)
    assert 3 < len(read_record(FolderStore(tmp_path), model.manifest.name, model.embedder.spec)) < 10
    assert caplog.text.count("unclustered pictures come too fast") == 1


def test_a_full_day_and_a_store_that_fails_are_said_once(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unclustered_record, "BYTES_A_DAY", 10)
    record = UnclusteredRecord(lambda: FolderStore(tmp_path))
    for seed in range(3):
        record.add(model, URL.format(seed), None, embedding(model, seed))
        assert record.wait(TIMEOUT)
    assert caplog.text.count("is full: no more") == 1

    def fails() -> Store:
        raise OSError("the network is down")

    record = UnclusteredRecord(fails)
    for seed in range(3):
        record.add(model, URL.format(seed), None, embedding(model, seed))
        assert record.wait(TIMEOUT)
    assert caplog.text.count("the network is down") == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_the_function_records_where_it_is_told_to(
    tmp_path: Path, settings: Settings, model: Model, wanted: bool
) -> None:
    data = {"images": {"data": base64.b64encode(encode(noise_picture(5), "PNG")).decode()}, "path": URL.format("a")}
    body = json.dumps({"values": [{"recordId": "1", "data": data}, {"recordId": "2", "data": {**data, "path": 7}}]})
    api = Api(settings.model_copy(update={"record_unclustered": wanted}))
    reply = api.handle("POST", {}, body.encode())
    clusters = [value["data"]["clusterId"] for value in json.loads(reply.body)["values"]]
    assert clusters == [-1, -1]
    store = FolderStore(tmp_path / "models")
    until = time.monotonic() + TIMEOUT
    while wanted and store.stat(today(model)) is None and time.monotonic() < until:
        time.sleep(0.01)
    found = read_record(store, model.manifest.name, model.embedder.spec)
    assert [line.picture for line in found] == (["", URL.format("a")] if wanted else [])
