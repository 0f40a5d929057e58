"""Publishing and rolling back, the same in a folder and in Azurite."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.bundle import CLUSTERS, LABELS, MANIFEST, REPORT, BundleError, Labels, read_bundle, sha256, write_labels
from shared.releases import pointer_key, read_published_manifest, version_key
from shared.serving import ModelServer
from shared.settings import Settings
from shared.store import Advance, ConflictError, MissingError, Store, StoreError, graph_key, open_store
from tests.stores import Place, azurite_place, shared_azurite
from tests.tiny_models import tiny_model
from training.publishing import Move, publish, read_pointer, roll_back
from training.versions import list_versions

PROJECT = Path(__file__).parents[2]


@pytest.fixture(params=["folder", "key"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return azurite_place(shared_azurite()) if request.param == "key" else Place(str(tmp_path / "store"))


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


class Uploads:
    """Notes what is uploaded, as the progress bar would be told; `meanwhile` runs before the first upload."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.names: list[str] = []
        self._meanwhile = meanwhile

    @contextmanager
    def __call__(self, name: str, size: int) -> Generator[Advance]:
        self.names.append(name)
        if len(self.names) == 1:
            self._meanwhile()
        moved: list[int] = []
        yield moved.append
        assert sum(moved) in {0, size}  # 0: somebody else had just put the same there


def rename(folder: Path, name: str) -> str:
    """Give a group another name; returns the version that this makes."""
    write_labels(folder, Labels(labels={0: (name,)}))
    return read_bundle(folder).version


def served(place: Place, cache: Path) -> str:
    """The version that a worker serves which starts now."""
    connection_string = SecretStr(place.connection_string) if place.connection_string else None
    settings = Settings(model_store=place.location, model_store_connection_string=connection_string, model_cache=cache)
    return ModelServer(settings).current().version


def assert_whole(store: Store, name: str, version: str) -> None:
    manifest, _ = read_published_manifest(store, version_key(name, version))
    for file, digest in manifest.files.items():
        assert sha256(store.read(f"{version_key(name, version)}/{file}").content) == digest
    assert store.stat(graph_key(manifest.embedder.graph_sha256)) is not None


def test_a_published_model_is_current_and_whole(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    (models / "books" / REPORT).write_text("<p>report")
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


def test_rolling_back_walks_back_and_a_named_version_is_remembered(store: Store, models: Path) -> None:
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


def test_rolling_back_to_what_is_not_there_names_what_is(store: Store, models: Path) -> None:
    with pytest.raises(MissingError, match="nothing to roll back"):
        roll_back(store, "books", None)
    bundle = tiny_model(models)
    publish(store, models / "books", Uploads())
    with pytest.raises(MissingError, match=f"no version 000000000000-000000 of 'books'; known are {bundle.version}"):
        roll_back(store, "books", "000000000000-000000")
    with pytest.raises(StoreError, match="is no version"):
        roll_back(store, "books", "../../embedders")


def test_a_version_that_is_not_whole_is_not_rolled_back_to(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", Uploads())
    unfinished = version_key("books", "000000000000-000000")
    manifest = store.read(f"{version_key('books', bundle.version)}/{MANIFEST}").content
    store.write(f"{unfinished}/{MANIFEST}", manifest, replacing=None)
    with pytest.raises(MissingError, match=rf"can't be served: .*{unfinished}/.* is missing"):
        roll_back(store, "books", "000000000000-000000")


def test_a_damaged_version_is_not_rolled_back_to_and_publishing_mends_it(store: Store, models: Path) -> None:
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
def test_publishing_mends_a_damaged_manifest(store: Store, models: Path, content: bytes) -> None:
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


def test_without_its_graph_nothing_is_published(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    (models / graph_key(bundle.manifest.embedder.graph_sha256)).unlink()
    with pytest.raises(BundleError, match="training weights"):
        publish(store, models / "books", Uploads())
    assert store.children("books/") == []


def test_of_two_publishers_the_later_is_told_and_nothing_is_lost(store: Store, models: Path, tmp_path: Path) -> None:
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


def test_where_copying_fails_an_upload_does(store: Store, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_file_that_a_rival_spoils_meanwhile_is_told_of(store: Store, models: Path) -> None:
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
    monkeypatch.setattr("training.publishing.read_bundle", {models / "books": before}.get)
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
MOMENTS = [
    *((step, moment) for step in range(1, WRITES + 1) for moment in ("before", "after")),
    (1, "during"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("step", "moment"), MOMENTS)
def test_a_killed_publisher_leaves_the_model_before_and_can_repeat(
    place: Place, models: Path, tmp_path: Path, step: int, moment: str
) -> None:
    store = place.open()
    first = tiny_model(models)
    publish(store, models / "books", Uploads())
    second = tiny_model(models, seed=1, graph=1, megabytes=12)
    (models / "books" / REPORT).write_text("<p>report")
    arguments = [place.location, place.connection_string or "", str(models / "books"), str(step), moment]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.training.killed_publisher", *arguments], check=False, cwd=PROJECT
    )
    assert killed.returncode == -9
    pointer = read_pointer(store, "books")
    assert pointer is not None
    pointer_moved = (step, moment) == (WRITES, "after")
    assert pointer.version == (second.version if pointer_moved else first.version)
    assert served(place, tmp_path / "cache") == pointer.version
    listed = [version.version for version in list_versions(store, "books")]
    manifest_written = step == WRITES or (step, moment) == (WRITES - 1, "after")
    assert listed == ([first.version, second.version] if manifest_written else [first.version])
    assert publish(store, models / "books", Uploads()).version == second.version
    assert_whole(store, "books", second.version)
    assert served(place, tmp_path / "cache") == second.version


def test_history_is_bounded(models: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    tiny_model(models)
    for number in range(25):
        rename(models / "books", str(number))
        publish(store, models / "books", Uploads())
    pointer = read_pointer(store, "books")
    assert pointer is not None
    assert len(pointer.history) == 20


def overwrite(store: Store, key: str, content: bytes) -> None:
    """As another tool would: without noting the digest."""
    if store.folder:
        (store.folder / key).write_bytes(content)
        return
    from azure.storage.blob import BlobClient

    azurite = shared_azurite()
    container = store.location.rpartition("/")[2]
    with BlobClient.from_connection_string(azurite.connection_string, container, key) as blob:
        blob.upload_blob(content, overwrite=True)
