"""A store that is watched, models published into it, and the settings of a worker that serves them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from shared.serving import loading
from shared.settings import Settings
from shared.stores.opening import open_store
from tests.shared.serving.ingestion import Ingestion, receive
from tests.shared.serving.watched_store import Watched
from tests.tiny_models import tiny_model
from training.commands.store_options import show
from training.release.publishing import publish


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
    """Of a server that tests refresh by hand."""
    return Settings(model_store=str(root), model_cache=tmp_path / "cache", model_refresh_seconds=3600)


@pytest.fixture
def publishes(root: Path, models: Path) -> Callable[..., str]:
    """Makes a tiny model and publishes it; returns its version."""

    def make(**options: object) -> str:
        tiny_model(models, **options)  # pyright: ignore[reportArgumentType] - its own keyword arguments
        return publish(open_store(str(root)), models / "books", show).version

    return make


@pytest.fixture
def ingestion(monkeypatch: pytest.MonkeyPatch) -> Generator[Ingestion]:
    # The exporter's reports about itself go to Microsoft's own endpoints, which a test must not call.
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true")
    with receive() as here:
        yield here
