"""A blob store that fails in every way: the model in service stays, and the failure is reported in plain words."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from shared.serving.model_server import ModelServer, NotReadyError
from shared.settings import Settings
from shared.stores import blob as store_blob
from tests.faulty_store import Faults, faulty
from tests.stores import Place, azurite_place, shared_azurite
from tests.tiny_models import tiny_model
from training.commands import publish as publishing
from training.commands.app import app
from training.commands.store_options import show
from training.release.publishing import publish

# The SDK leaves it to the garbage collector to close the connection of an answer after which it tries again.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def collect_connections() -> Generator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str]:
    place = azurite_place(shared_azurite())
    models = tmp_path_factory.mktemp("models")
    tiny_model(models)
    return place, publish(place.open(), models / "books", show).version


@pytest.fixture
def version(published: tuple[Place, str]) -> str:
    return published[1]


@pytest.fixture
def proxied(published: tuple[Place, str]) -> Generator[tuple[Place, Faults]]:
    with faulty(published[0]) as proxied:
        yield proxied


@pytest.fixture
def settings(proxied: tuple[Place, Faults], tmp_path: Path) -> Settings:
    place, _ = proxied
    return Settings(
        model_store=place.location,
        model_store_connection_string=SecretStr(place.connection_string or ""),
        model_cache=tmp_path / "cache",
        model_refresh_seconds=3600,
    )


@pytest.fixture
def faults(proxied: tuple[Place, Faults]) -> Faults:
    return proxied[1]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AuthorizationFailure", "refuses access (AuthorizationFailure): check the connection string"),
        (404, "ContainerNotFound", "does not exist: create it, or correct the URL"),
        (404, "BlobNotFound", "holds no model 'books'"),
        (409, "ContainerBeingDeleted", "answers 409 ContainerBeingDeleted"),
        (429, "TooManyRequests", "answers 429 TooManyRequests"),
        (500, "InternalError", "answers 500 InternalError"),
        (503, "ServerBusy", "answers 503 ServerBusy"),
    ],
)
def test_the_last_good_model_is_served_whatever_the_store_answers(
    settings: Settings,
    faults: Faults,
    version: str,
    status: int,
    code: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(store_blob, "_RETRY_PAUSE_SECONDS", 0.05)
    caplog.set_level(logging.INFO, "shared")
    server = ModelServer(settings)
    assert server.current().version == version
    faults.status, faults.code = status, code
    caplog.clear()
    for _ in range(2):
        server.refresh()
        assert server.current().version == version
        assert words in (server.problem or "")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.records[0].exc_info is None
    assert ModelServer(settings).current().version == version
    without_cache = settings.model_copy(update={"model_cache": settings.model_cache / "empty"})
    with pytest.raises(NotReadyError) as caught:
        ModelServer(without_cache).current()
    assert words in str(caught.value)
    faults.status = None
    server.refresh()
    assert server.problem is None
    assert ModelServer(without_cache).current().version == version


@pytest.mark.slow
def test_a_slow_store_does_not_hold_up_requests(settings: Settings, faults: Faults, version: str) -> None:
    faults.delay = 30
    server = ModelServer(settings)
    started = time.monotonic()
    with pytest.raises(NotReadyError, match="is still on its way from"):
        server.current()
    assert time.monotonic() - started < 25
    faults.delay = 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert server.current(1).version == version
            break
        except NotReadyError:
            time.sleep(0.2)
    faults.delay = 30
    started = time.monotonic()
    assert server.current().version == version
    assert time.monotonic() - started < 1


def test_publishing_waits_for_a_role_that_is_not_known_yet(
    faults: Faults, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_model(tmp_path / "models")
    monkeypatch.setenv("MODEL_STORE", settings.model_store)
    credential = settings.model_store_connection_string
    assert credential
    monkeypatch.setenv("MODEL_STORE_CONNECTION_STRING", credential.get_secret_value())
    faults.status, faults.code = 403, "AuthorizationPermissionMismatch"

    def give_the_role(_: float) -> None:
        faults.status = None

    # The module's own name alone: the proxy and the SDK sleep, too.
    monkeypatch.setattr(publishing, "time", SimpleNamespace(monotonic=time.monotonic, sleep=give_the_role))
    published = CliRunner().invoke(app, ["publish", str(tmp_path / "models" / "books")])
    assert published.exit_code == 0, published.stderr
    assert "refuses access (AuthorizationPermissionMismatch)" in " ".join(published.stderr.split())
    monkeypatch.setattr(publishing, "_ROLE_SECONDS", -1.0)
    faults.status = 403
    assert CliRunner().invoke(app, ["publish", str(tmp_path / "models" / "books")]).exit_code == 1
