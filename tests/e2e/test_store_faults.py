"""The Function as a real process, asked without pause while its store is published to, corrupted and stopped."""

from __future__ import annotations

import base64
import logging
import math
import shutil
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from local.azurite import RunningAzurite, start_azurite
from local.processes import RunningHost, start_host
from shared.digests import sha256
from shared.documents import to_json
from shared.embedding.embedder import EmbedderSpec, Pooling, open_embedder
from shared.model.bundle import CLUSTERS, Bundle, Labels
from shared.stores.base import Store, StoreError
from shared.stores.graphs import graph_path
from shared.stores.opening import open_store
from shared.stores.releases import Pointer, pointer_key, version_key
from tests.bundles import link_graph, make_bundle
from tests.conftest import PROJECT, encode, noise_picture
from tests.stores import azurite_place, identity_azurite
from tests.tiny_models import tiny_model
from training.commands.store_options import show
from training.release.publishing import publish, roll_back

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1
# Measured on two cores: 0.1 to 1.0 s from the end of a publication to the first answer with it.
# The rest allows for a busy machine.
TIMEOUT_SECONDS = 15

PICTURE = encode(noise_picture(7))
REQUEST = {"values": [{"recordId": "1", "data": {"images": {"data": base64.b64encode(PICTURE).decode()}}}]}


@dataclass(frozen=True)
class Answer:
    started: float
    ended: float
    status: int
    header: str | None
    version: str | None
    label: tuple[str, ...]


class Asking:
    """Sends requests from a few threads until it is stopped, and keeps every answer."""

    def __init__(self, url: str, threads: int = 3) -> None:
        self._url = f"{url}/api/extraction"
        self._stopped = threading.Event()
        self.answers: list[Answer] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def ask(self, client: httpx.Client) -> Answer:
        started = time.monotonic()
        response = client.post(self._url, json=REQUEST)
        ended = time.monotonic()
        values = response.json().get("values") or [{"data": {}}]
        data = values[0]["data"]
        return Answer(
            started,
            ended,
            response.status_code,
            response.headers.get("x-model-version"),
            data.get("modelVersion"),
            tuple(data.get("label", ())),
        )

    def wait_for(self, version: str) -> float:
        """Wait until a request is answered with this version; returns the seconds it took from now."""
        since = time.monotonic()
        while time.monotonic() < since + TIMEOUT_SECONDS:
            for answer in reversed(self.answers):
                if answer.ended >= since and answer.version == version:
                    return answer.ended - since
            time.sleep(0.02)
        raise AssertionError(f"no answer with {version} in {TIMEOUT_SECONDS} s; the last was {self.answers[-1]}")

    def _run(self) -> None:
        with httpx.Client(timeout=30) as client:
            while not self._stopped.wait(0.05):
                self.answers.append(self.ask(client))


class Publisher:
    """Makes models that know the one picture, each by a name of its own, and publishes them."""

    def __init__(self, azurite: RunningAzurite, models: Path, spec: EmbedderSpec) -> None:
        self.store: Store = open_store(azurite.url(), azurite.connection_string)
        self.names: dict[str, str] = {}
        self._models = models
        self._spec = spec

    def make(self, name: str, pooling: Pooling = "avg", seed: int = 0) -> Bundle:
        spec = self._spec.model_copy(update={"pooling": pooling})
        embedder = open_embedder(spec, graph_path(self._models, spec.graph_sha256))
        own = embedder.embed([embedder.picture(PICTURE)])
        others = np.random.default_rng(seed).normal(size=(3, spec.dimensions)).astype(np.float32)
        labels = Labels(labels={0: (name,)})
        bundle = make_bundle(self._models / "books", np.vstack([own, others]), [0, 1, 1, 1], labels, spec=spec)
        self.names[bundle.version] = name
        return bundle

    def publish(self, name: str, pooling: Pooling = "avg", seed: int = 0) -> str:
        self.make(name, pooling, seed)
        return publish(self.store, self._models / "books", show).version


@pytest.fixture
def azurite(tmp_path: Path) -> Generator[RunningAzurite]:
    with start_azurite(location=tmp_path / "azurite") as running:
        running.create_container()
        yield running


@pytest.fixture
def serve(azurite: RunningAzurite, tmp_path: Path) -> Callable[[], RunningHost]:
    """Starts the Function against this Azurite."""

    def start() -> RunningHost:
        env = {
            "MODEL_STORE": azurite.url(),
            "MODEL_STORE_CONNECTION_STRING": azurite.connection_string,
            "MODEL_REFRESH_SECONDS": str(REFRESH_SECONDS),
            "MODEL_CACHE": str(tmp_path / "cache"),
            "AzureFunctionsJobHost__extensions__http__maxOutstandingRequests": "20",
        }
        return start_host(PROJECT, env=env)

    return start


@pytest.mark.slow
def test_twenty_first_requests_cost_one_download_and_one_load(
    azurite: RunningAzurite, serve: Callable[[], RunningHost], tmp_path: Path, spec: EmbedderSpec, graph: Path
) -> None:
    link_graph(graph, tmp_path / "models")
    publisher = Publisher(azurite, tmp_path / "models", spec)
    version = publisher.publish("one")
    with serve() as host, httpx.Client(timeout=60) as client:
        asking = Asking(host.url)
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(asking.ask, [client] * 20))
        output = host.log_text()
    assert {(answer.status, answer.version, answer.label) for answer in answers} == {(200, version, ("one",))}
    assert output.count("serving model books") == 1
    reads = [line.split('"')[1] for line in azurite.log_text().splitlines() if '"GET' in line]
    # The SDK reads 32 MB at first and then 4 MB at a time.
    pieces = 1 + math.ceil((graph.stat().st_size - (32 << 20)) / (4 << 20))
    assert sum(".onnx" in read for read in reads) == pieces
    assert sum(CLUSTERS in read for read in reads) == 1


@pytest.mark.slow
def test_no_answer_fails_whatever_happens_to_the_store(
    azurite: RunningAzurite, serve: Callable[[], RunningHost], tmp_path: Path
) -> None:
    tiny = tiny_model(tmp_path / "models")  # VGG16 would give a tenth of the answers
    publisher = Publisher(azurite, tmp_path / "models", tiny.manifest.embedder)
    store = publisher.store
    first = publisher.publish("first")
    delays: dict[str, float] = {}
    order = [first]

    def expect(step: str, version: str) -> None:
        delays[step] = asking.wait_for(version)
        order.append(version)

    with serve() as host:
        httpx.get(f"{host.url}/api/extraction", timeout=60).raise_for_status()
        with Asking(host.url) as asking:
            asking.wait_for(first)

            expect("relabel", relabelled := publisher.publish("relabelled"))
            expect("another model", another := publisher.publish("another", pooling="max", seed=1))
            assert roll_back(store, "books", None).version == relabelled
            expect("roll back", relabelled)

            damage(store, another, tmp_path / "cache")
            with pytest.raises(StoreError, match=rf"{CLUSTERS} is damaged"):
                roll_back(store, "books", another)
            point_to(store, another)
            time.sleep(5 * REFRESH_SECONDS)
            assert asking.answers[-1].version == relabelled
            publisher.publish("another", pooling="max", seed=1)
            expect("mended", another)

            azurite.stop()
            time.sleep(5 * REFRESH_SECONDS)
            assert asking.answers[-1].version == another
            with start_azurite(location=tmp_path / "azurite", port=azurite.port, key=azurite.key):
                expect("store back", publisher.publish("last", seed=2))
        output = host.log_text()

    answers = sorted(asking.answers, key=lambda answer: answer.started)
    assert {answer.status for answer in answers} == {200}
    assert all(answer.header == answer.version for answer in answers)
    assert all(answer.label == (publisher.names[answer.version or ""],) for answer in answers)
    assert_in_order(answers, order)
    assert output.count("clusters.npz is damaged") == 1
    assert output.count("can't be reached") == 1
    assert output.count("works again") == 2
    assert output.count("Traceback") == 0
    slowest = max(answer.ended - answer.started for answer in answers)
    log.info("%d answers, the slowest in %.2f s; new versions served after %s", len(answers), slowest, delays)


@pytest.mark.slow
def test_the_function_opens_its_store_by_managed_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tiny_model(tmp_path / "models")
    with identity_azurite() as (azurite, env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        location = azurite_place(azurite).location
        publish(open_store(location), tmp_path / "models" / "books", show)
        settings = {"MODEL_STORE": location, "MODEL_CACHE": str(tmp_path / "cache")}
        with start_host(PROJECT, env=settings) as host:
            answer = httpx.get(f"{host.url}/api/extraction", timeout=60)
    assert answer.json()["version"] == bundle.version


def damage(store: Store, version: str, cache: Path) -> None:
    """Corrupt a published version, and let the worker forget that it ever had it."""
    key = f"{version_key('books', version)}/{CLUSTERS}"
    found = store.stat(key)
    assert found is not None
    store.write(key, b"corrupt", replacing=found.etag)
    (kept,) = cache.glob(f"*/books/{version}")
    shutil.rmtree(kept)


def point_to(store: Store, version: str) -> None:
    """Move the pointer as `rollback` refuses to."""
    stored = store.read(pointer_key("books"))
    manifest = store.read(f"{version_key('books', version)}/manifest.json").content
    moved = Pointer.model_validate_json(stored.content).model_copy(
        update={"version": version, "manifest_sha256": sha256(manifest)}
    )
    store.write(pointer_key("books"), to_json(moved), replacing=stored.etag)


def assert_in_order(answers: list[Answer], order: list[str]) -> None:
    """A request that starts after another was answered by a version is answered by that version or the next."""
    reached: list[tuple[float, int]] = []
    for answer in answers:
        least = max((place for ended, place in reached if ended <= answer.started), default=0)
        assert answer.version in order[least : least + 2], f"{answer} does not follow {order[least]} in {order}"
        reached.append((answer.ended, order.index(answer.version, least)))
