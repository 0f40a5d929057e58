"""Publishing and rolling back, the same in a folder and in Azurite."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.model.bundle import CLUSTERS, LABELS, REPORT
from shared.model.words import write_words
from shared.stores.base import MissingError, Store, StoreError
from shared.stores.opening import open_store
from shared.stores.releases import pointer_key, read_published_manifest, version_key
from tests.tiny_models import tiny_model
from tests.training.release.publications import Uploads, assert_whole, rename
from training.release.publishing import Move, publish, read_pointer, roll_back
from training.release.versions import list_versions


def test_a_published_model_is_current_and_whole(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    (models / "books" / REPORT).write_text("<p>report")
    write_words(models / "books", {"a.jpg": ["words are for naming and stay here"]})
    uploads = Uploads()
    assert publish(store, models / "books", uploads) == Move("books", bundle.version, None)
    graph = f"{bundle.manifest.embedder.graph_sha256}.onnx"
    assert uploads.names == [graph, CLUSTERS, "assignments.csv", LABELS, REPORT]
    manifest, digest = read_published_manifest(store, version_key("books", bundle.version))
    assert set(manifest.files) == {CLUSTERS, "assignments.csv", LABELS, REPORT}
    pointer = read_pointer(store, "books")
    assert pointer is not None
    assert (pointer.version, pointer.manifest_sha256, pointer.history) == (bundle.version, digest, ())
    assert_whole(store, "books", bundle.version)


def test_a_report_of_other_names_is_left_out(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    (models / "books" / REPORT).write_text(f'<meta name="model-version" content="{bundle.version}">')
    renamed = rename(models / "books", "atlas")
    publish(store, models / "books", Uploads())
    manifest, _ = read_published_manifest(store, version_key("books", renamed))
    assert set(manifest.files) == {CLUSTERS, "assignments.csv", LABELS}


def test_publishing_again_changes_nothing(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", Uploads())
    before = store.read(pointer_key("books"))
    uploads = Uploads()
    assert publish(store, models / "books", uploads) == Move("books", bundle.version, bundle.version)
    assert uploads.names == []
    assert store.read(pointer_key("books")) == before


def test_new_names_upload_nothing_but_the_names(store: Store, models: Path) -> None:
    first = tiny_model(models)
    publish(store, models / "books", Uploads())
    renamed = rename(models / "books", "closed book")
    uploads = Uploads()
    assert publish(store, models / "books", uploads) == Move("books", renamed, first.version)
    assert uploads.names == [LABELS]
    assert_whole(store, "books", renamed)
    assert_whole(store, "books", first.version)


def test_models_share_their_graph(store: Store, models: Path) -> None:
    tiny_model(models, "books")
    other = tiny_model(models, "covers", seed=1)
    publish(store, models / "books", Uploads())
    uploads = Uploads()
    publish(store, models / "covers", uploads)
    assert f"{other.manifest.embedder.graph_sha256}.onnx" not in uploads.names
    assert len(list_versions(store, "books")) == len(list_versions(store, "covers")) == 1


def test_rolling_back_follows_the_history_and_remembers_a_named_version(store: Store, models: Path) -> None:
    versions: list[str] = []
    for name in ("one", "two", "three"):
        versions.append(tiny_model(models, names=name).version)
        publish(store, models / "books", Uploads())
    assert roll_back(store, "books", None) == Move("books", versions[1], versions[2])
    assert roll_back(store, "books", None) == Move("books", versions[0], versions[1])
    with pytest.raises(StoreError, match="is the first version"):
        roll_back(store, "books", None)
    assert roll_back(store, "books", versions[2]) == Move("books", versions[2], versions[0])
    assert roll_back(store, "books", versions[2]) == Move("books", versions[2], versions[2])
    assert roll_back(store, "books", None) == Move("books", versions[0], versions[2])


def test_rolling_back_to_a_missing_version_lists_the_others(store: Store, models: Path) -> None:
    with pytest.raises(MissingError, match="nothing to roll back"):
        roll_back(store, "books", None)
    bundle = tiny_model(models)
    publish(store, models / "books", Uploads())
    with pytest.raises(MissingError, match=f"no version 000000000000-000000 of 'books'; known are {bundle.version}"):
        roll_back(store, "books", "000000000000-000000")
    with pytest.raises(StoreError, match="is not a version"):
        roll_back(store, "books", "../../embedders")


def test_history_is_bounded(models: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    tiny_model(models)
    for number in range(25):
        rename(models / "books", str(number))
        publish(store, models / "books", Uploads())
    pointer = read_pointer(store, "books")
    assert pointer is not None
    assert len(pointer.history) == 20
