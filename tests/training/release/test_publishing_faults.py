"""What publishing and rolling back make of damaged files, rivals and a publisher that is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.digests import sha256
from shared.model.bundle import CLUSTERS, LABELS, MANIFEST, REPORT, BundleError
from shared.stores.base import ConflictError, MissingError, Store, StoreError
from shared.stores.graphs import graph_key
from shared.stores.releases import pointer_key, version_key
from tests.conftest import PROJECT
from tests.stores import Place
from tests.tiny_models import tiny_model
from tests.training.release.interruptions import Interrupted, Moment, interrupt, publish_until
from tests.training.release.publications import Uploads, assert_whole, overwrite, rename, served
from training.release.publishing import Move, publish, read_pointer, roll_back
from training.release.versions import list_versions


def test_an_incomplete_version_is_refused_by_rollback(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", Uploads())
    unfinished = version_key("books", "000000000000-000000")
    manifest = store.read(f"{version_key('books', bundle.version)}/{MANIFEST}").content
    store.write(f"{unfinished}/{MANIFEST}", manifest, replacing=None)
    with pytest.raises(MissingError, match=rf"can't be served: .*{unfinished}/.* is missing"):
        roll_back(store, "books", "000000000000-000000")


def test_a_damaged_version_is_refused_by_rollback_and_repaired_by_publishing(store: Store, models: Path) -> None:
    first = tiny_model(models)
    publish(store, models / "books", Uploads())
    tiny_model(models, seed=1)
    publish(store, models / "books", Uploads())
    damaged = f"{version_key('books', first.version)}/{CLUSTERS}"
    overwrite(store, damaged, b"damaged")
    with pytest.raises(StoreError, match=r"clusters\.npz is damaged"):
        roll_back(store, "books", None)
    tiny_model(models)
    uploads = Uploads()
    publish(store, models / "books", uploads)
    assert uploads.names == [CLUSTERS]
    assert_whole(store, "books", first.version)


@pytest.mark.parametrize("content", [b"not JSON", b'{"format": 2}', b"altered eps"])
def test_publishing_repairs_a_damaged_manifest(store: Store, models: Path, content: bytes) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", Uploads())
    key = f"{version_key('books', bundle.version)}/{MANIFEST}"
    if content == b"altered eps":
        content = store.read(key).content.replace(b'"eps": 0.1', b'"eps": 0.9')
    overwrite(store, key, content)
    publish(store, models / "books", Uploads())
    pointer = read_pointer(store, "books")
    assert pointer is not None
    assert pointer.manifest_sha256 == sha256(store.read(key).content)
    assert_whole(store, "books", bundle.version)


def test_an_unreadable_pointer_is_not_overwritten(store: Store, models: Path) -> None:
    tiny_model(models)
    store.write(pointer_key("books"), b'{"format": 2}', replacing=None)
    with pytest.raises(BundleError, match=r"current\.json has format 2, this code reads format 1: update the code"):
        publish(store, models / "books", Uploads())
    overwrite(store, pointer_key("books"), b"{")
    with pytest.raises(BundleError, match=r"current\.json is damaged \(delete it and publish again\): "):
        publish(store, models / "books", Uploads())


def test_nothing_is_published_without_its_graph(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    (models / graph_key(bundle.manifest.embedder.graph_sha256)).unlink()
    with pytest.raises(BundleError, match="training weights"):
        publish(store, models / "books", Uploads())
    assert store.children("books/") == []


def test_the_later_of_two_publishers_gets_a_conflict_and_nothing_is_lost(
    store: Store, models: Path, tmp_path: Path
) -> None:
    slow = tiny_model(models)
    quick = tiny_model(tmp_path / "others", seed=1, graph=1)
    uploads = Uploads(meanwhile=lambda: publish(store, tmp_path / "others" / "books", Uploads()))
    with pytest.raises(ConflictError, match=f"made {quick.version} the current .*rollback {slow.version}"):
        publish(store, models / "books", uploads)
    assert {version.version: version.current for version in list_versions(store, "books")} == {
        quick.version: True,
        slow.version: False,
    }
    assert_whole(store, "books", slow.version)
    assert_whole(store, "books", quick.version)
    assert roll_back(store, "books", slow.version) == Move("books", slow.version, quick.version)


def test_two_publishers_of_the_same_agree(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    tiny_model(tmp_path / "others")
    (models / "books" / REPORT).write_text("one report")
    (tmp_path / "others" / "books" / REPORT).write_text("another report")
    uploads = Uploads(meanwhile=lambda: publish(store, tmp_path / "others" / "books", Uploads()))
    assert publish(store, models / "books", uploads).version == bundle.version
    assert_whole(store, "books", bundle.version)


def test_a_failed_copy_is_replaced_by_an_upload(store: Store, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_model(models)
    publish(store, models / "books", Uploads())
    renamed = rename(models / "books", "closed book")

    def refuse(source: str, target: str) -> None:
        raise StoreError(f"{target} could not be copied")

    monkeypatch.setattr(store, "copy", refuse)
    uploads = Uploads()
    publish(store, models / "books", uploads)
    assert uploads.names == [CLUSTERS, "assignments.csv", LABELS]
    assert_whole(store, "books", renamed)


def test_a_file_overwritten_by_another_publisher_is_a_conflict(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    graph = graph_key(bundle.manifest.embedder.graph_sha256)
    uploads = Uploads(meanwhile=lambda: store.write(graph, b"something else", replacing=None))
    with pytest.raises(ConflictError, match=r"\.onnx was written by somebody else meanwhile"):
        publish(store, models / "books", uploads)
    assert publish(store, models / "books", Uploads()).version == bundle.version
    assert_whole(store, "books", bundle.version)


def test_a_model_that_changes_while_it_is_read_is_not_published(
    store: Store, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tiny_model(models)
    rename(models / "books", "closed book")
    monkeypatch.setattr("training.release.publishing.read_bundle", {models / "books": before}.get)
    with pytest.raises(BundleError, match="changed while it was read"):
        publish(store, models / "books", Uploads())


def test_many_publishers_at_once_lose_no_files(store: Store, tmp_path: Path) -> None:
    folders = [tmp_path / f"publisher{seed}" for seed in range(6)]
    versions = [tiny_model(folder, seed=seed, graph=seed).version for seed, folder in enumerate(folders)]
    told: list[ConflictError] = []
    barrier = threading.Barrier(len(folders))

    def run(folder: Path) -> None:
        barrier.wait()
        try:
            publish(store, folder / "books", Uploads())
        except ConflictError as error:
            told.append(error)

    threads = [threading.Thread(target=run, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pointer = read_pointer(store, "books")
    assert pointer is not None
    assert len(told) == len(folders) - 1 - len(pointer.history)
    assert sorted(version.version for version in list_versions(store, "books")) == sorted(versions)
    for version in versions:
        assert_whole(store, "books", version)


# The writes of a publication: graph, arrays, assignments, names, report, manifest, pointer.
WRITES = 7
MOMENTS: list[tuple[int, Moment]] = [
    *((step, moment) for step in range(1, WRITES + 1) for moment in ("before", "after")),
    (1, "during"),
]


def publish_another(place: Place, models: Path, end: Callable[[str], None], step: int, moment: Moment) -> None:
    """Publish a model, then begin another's publication, which `end` must end; then look at what is left behind."""
    store, cache = place.open(), models.parent / "cache"
    first = tiny_model(models)
    publish(store, models / "books", Uploads())
    second = tiny_model(models, seed=1, graph=1, megabytes=12 if moment == "during" else 0)
    (models / "books" / REPORT).write_text("<p>report")
    end(str(models / "books"))
    pointer = read_pointer(store, "books")
    assert pointer is not None
    pointer_moved = (step, moment) == (WRITES, "after")
    assert pointer.version == (second.version if pointer_moved else first.version)
    assert served(place, cache) == pointer.version
    listed = [version.version for version in list_versions(store, "books")]
    manifest_written = step == WRITES or (step, moment) == (WRITES - 1, "after")
    assert listed == ([first.version, second.version] if manifest_written else [first.version])
    assert publish(store, models / "books", Uploads()).version == second.version
    assert_whole(store, "books", second.version)
    assert served(place, cache) == second.version


@pytest.mark.parametrize(("step", "moment"), MOMENTS)
def test_an_interrupted_publication_leaves_the_model_before_and_can_be_repeated(
    place: Place, models: Path, step: int, moment: Moment
) -> None:
    def interrupted(bundle: str) -> None:
        with pytest.raises(Interrupted):
            publish_until(place.open(), Path(bundle), step, moment, interrupt)

    publish_another(place, models, interrupted, step, moment)


@pytest.mark.parametrize(
    ("place", "step", "moment"),
    [("folder", 1, "during"), ("key", 1, "during"), ("key", WRITES - 1, "before")],
    indirect=["place"],
)
def test_a_killed_publisher_leaves_the_model_before_and_can_repeat(
    place: Place, models: Path, step: int, moment: Moment
) -> None:
    def killed(bundle: str) -> None:
        arguments = [place.location, place.connection_string or "", bundle, str(step), moment]
        command = [sys.executable, "-m", "tests.training.release.killed_publisher", *arguments]
        assert subprocess.run(command, check=False, cwd=PROJECT).returncode == -9

    publish_another(place, models, killed, step, moment)
