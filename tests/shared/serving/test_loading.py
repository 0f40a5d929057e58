"""Where a model's files are kept on their way into memory, and what is refused before it gets there."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.digests import sha256
from shared.embedding.backends import BackendError
from shared.errors import UserError
from shared.model.bundle import BundleError
from shared.serving.loading import Loader
from shared.settings import Settings
from shared.stores import cache as store_cache
from shared.stores.base import Store
from shared.stores.graphs import graph_key, graph_path
from shared.stores.releases import version_key
from tests.disks import make_read_only, small_disk
from tests.stores import Place, azurite_place, shared_azurite
from tests.tiny_models import tiny_graph, tiny_model
from training.commands.store_options import show
from training.release.publishing import publish


@pytest.fixture(scope="module")
def place() -> Place:
    return azurite_place(shared_azurite())


@pytest.fixture
def settings(place: Place, tmp_path: Path) -> Settings:
    return Settings(
        model_store=place.location,
        model_store_connection_string=SecretStr(place.connection_string or ""),
        model_cache=tmp_path / "cache",
    )


@pytest.fixture
def version(place: Place, models: Path) -> str:
    tiny_model(models)
    return publish(place.open(), models / "books", show).version


def load(loader: Loader) -> str:
    return loader.load(loader.current(), None).version


def test_files_are_kept_in_the_cache(settings: Settings, version: str) -> None:
    assert load(Loader(settings)) == version
    (root,) = settings.model_cache.iterdir()
    kept = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    (graph,) = (root / "embedders").iterdir()
    files = ("clusters.npz", "labels.json", "manifest.json")
    assert kept == sorted(
        ["books/current.json", f"embedders/{graph.name}", *(f"books/{version}/{file}" for file in files)]
    )


def test_what_is_damaged_in_the_cache_is_fetched_again(settings: Settings, version: str) -> None:
    loader = Loader(settings)
    load(loader)
    for damaged in settings.model_cache.glob("*/**/*"):
        if damaged.is_file():
            damaged.write_bytes(b"damaged")
    assert load(loader) == version
    assert loader.last_known() is not None


def test_a_cache_that_is_not_a_folder_does_not_stop_serving(
    settings: Settings, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.model_cache.write_bytes(b"in the way")
    loader = Loader(settings)
    assert [load(loader), load(loader)] == [version, version]
    assert caplog.messages == [
        f"MODEL_CACHE {settings.model_cache} can't be used, so every worker downloads the model again: Not a directory"
    ]
    settings.model_cache.unlink()
    caplog.set_level(logging.INFO, "shared")
    assert load(loader) == version
    assert caplog.messages[1:] == ["the cache folder can be used again"]


def test_a_full_disk_does_not_stop_serving(
    settings: Settings, version: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(kilobytes=8) as disk:  # the names fit, the arrays don't
        loader = Loader(settings.model_copy(update={"model_cache": disk / "cache"}))
        assert load(loader) == version
        assert caplog.messages[0].endswith("every worker downloads the model again: No space left on device")
        assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_a_cache_that_can_only_be_read_is_used_for_what_it_holds(
    settings: Settings, version: str, place: Place, models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(kilobytes=1024) as disk:
        loader = Loader(settings.model_copy(update={"model_cache": disk / "cache"}))
        load(loader)
        make_read_only(disk)
        kept = sorted(disk.rglob("*"))
        assert load(loader) == version
        assert caplog.messages == []
        tiny_model(models, names="another name")
        another = publish(place.open(), models / "books", show).version
        assert load(loader) == another
        assert caplog.messages[0].endswith("every worker downloads the model again: Read-only file system")
        assert sorted(disk.rglob("*")) == kept
        assert loader.last_known() is not None


@pytest.mark.parametrize("jump", [-86_400 * 365, 86_400 * 365])
def test_a_clock_that_jumps_loses_nothing(
    settings: Settings, version: str, place: Place, models: Path, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    loader = Loader(settings)
    load(loader)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    assert load(loader) == version
    tiny_model(models, names="named after the jump")
    later = publish(place.open(), models / "books", show).version
    assert load(loader) == later
    assert loader.last_known() is not None


def test_a_download_whose_owner_was_presumed_dead_succeeds_on_retry(
    settings: Settings, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a jump of its clock, another worker may clear away what this one is just writing."""
    fetch = store_cache.download

    def cleared_away(store: Store, key: str, path: Path, expected: str | None) -> None:
        fetch(store, key, path, expected)
        shutil.rmtree(path.parent)

    loader = Loader(settings)
    with monkeypatch.context() as patch:
        patch.setattr(store_cache, "download", cleared_away)
        with pytest.raises(BundleError, match="is missing"):
            load(loader)
    assert load(loader) == version


def test_without_a_writable_disk_memory_holds_the_cache(
    settings: Settings, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.model_cache.write_bytes(b"in the way")
    monkeypatch.setattr(tempfile, "tempdir", str(settings.model_cache / "neither"))
    assert load(Loader(settings)) == version


def test_without_any_writable_folder_the_error_says_so(
    settings: Settings, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.model_cache.write_bytes(b"in the way")
    monkeypatch.setattr(tempfile, "tempdir", str(settings.model_cache / "neither"))
    monkeypatch.setattr("shared.serving.loading._MEMORY", settings.model_cache / "nor")
    with pytest.raises(NotADirectoryError):
        load(Loader(settings))


def test_a_folder_is_used_in_place(settings: Settings, models: Path) -> None:
    bundle = tiny_model(models)
    loader = Loader(settings.model_copy(update={"model_store": str(models), "model_store_connection_string": None}))
    assert load(loader) == bundle.version
    assert not settings.model_cache.exists()
    assert loader.last_known() is None
    graph_path(models, bundle.manifest.embedder.graph_sha256).unlink()
    with pytest.raises(BundleError, match="training weights"):
        load(loader)


def test_only_the_pinned_version_is_known(settings: Settings, version: str) -> None:
    load(Loader(settings))
    assert Loader(settings.model_copy(update={"model_version": version})).last_known() is not None
    assert Loader(settings.model_copy(update={"model_version": "000000000000-000000"})).last_known() is None


def test_a_cached_version_that_is_incomplete_is_not_served(settings: Settings, place: Place, models: Path) -> None:
    tiny_model(models, names="soon to be lost")
    version = publish(place.open(), models / "books", show).version
    loader = Loader(settings)
    load(loader)
    home = version_key("books", version)
    labels = place.open().stat(f"{home}/labels.json")
    assert labels is not None
    place.open().write(f"{home}/labels.json", b"damaged", replacing=labels.etag)
    for kept in settings.model_cache.glob("*/books/*/labels.json"):
        kept.unlink()
    assert loader.last_known() is None


def test_a_folder_that_holds_another_version_is_refused(settings: Settings, place: Place, version: str) -> None:
    store = place.open()
    manifest = store.read(f"{version_key('books', version)}/manifest.json").content
    home = version_key("books", "000000000000-000000")
    store.write(f"{home}/manifest.json", manifest, replacing=None)
    for name in ("clusters.npz", "labels.json"):
        store.copy(f"{version_key('books', version)}/{name}", f"{home}/{name}")
    with pytest.raises(BundleError, match=f"000000000000-000000 holds version {version}, not 000000000000-000000"):
        load(Loader(settings.model_copy(update={"model_version": "000000000000-000000"})))


def test_old_versions_leave_the_cache(settings: Settings, place: Place, models: Path) -> None:
    loader = Loader(settings)
    versions: list[str] = []
    for seed in range(5):
        tiny_model(models, seed=seed, graph=seed)
        versions.append(publish(place.open(), models / "books", show).version)
        load(loader)
    (root,) = settings.model_cache.iterdir()
    assert {path.name for path in (root / "books").iterdir()} == {*versions[-3:], "current.json"}
    assert len(list((root / "embedders").iterdir())) == 3


def test_remains_of_killed_workers_are_removed_from_the_cache(settings: Settings, version: str) -> None:
    load(Loader(settings))
    (root,) = settings.model_cache.iterdir()
    whole = {path for path in root.rglob("*") if path.is_file()}
    old = time.time() - 2 * 3600
    for left in (root / "embedders" / ".half.onnx", root / "books" / ".staging" / "labels.json"):
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"half")
        os.utime(left, (old, old))
    os.utime(root / "books" / ".staging", (old, old))
    running = root / "embedders" / ".other.onnx"
    running.write_bytes(b"another worker writes it now")
    damaged = root / "covers" / "000000000000-000000"
    damaged.mkdir(parents=True)
    (damaged / "manifest.json").write_bytes(b"damaged")
    assert load(Loader(settings)) == version
    assert {path for path in root.rglob("*") if path.is_file()} == whole | {running}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no graph", r"{digest}\.onnx is not a graph that this code exports: "),
        (tiny_graph().replace(b"MaxPool", b"Reshape"), "the graph {digest} can't be run by onnxruntime"),
    ],
    ids=["not a graph", "a graph that makes no sense"],
)
def test_a_graph_that_cannot_be_run_is_refused(settings: Settings, models: Path, content: bytes, problem: str) -> None:
    bundle = tiny_model(models)
    settings = settings.model_copy(update={"model_store": str(models), "model_store_connection_string": None})
    digest = sha256(content)
    (models / graph_key(digest)).write_bytes(content)
    manifest = models / "books" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(bundle.manifest.embedder.graph_sha256, digest))
    with pytest.raises(UserError, match=problem.format(digest=digest)):
        load(Loader(settings))


def test_a_graph_that_yields_nan_is_refused(settings: Settings, models: Path) -> None:
    tiny_model(models, graph=-1)
    with pytest.raises(BundleError, match="gives numbers that are not finite"):
        load(Loader(settings.model_copy(update={"model_store": str(models), "model_store_connection_string": None})))


def test_what_a_backend_refuses_is_passed_on(settings: Settings, models: Path) -> None:
    tiny_model(models)
    manifest = models / "books" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"float32"', '"int8"'))
    loader = Loader(
        settings.model_copy(
            update={
                "model_store": str(models),
                "model_store_connection_string": None,
                "embedder_backend": "tensorflow",
            }
        )
    )
    with pytest.raises(BackendError, match="float32 only"):
        load(loader)
