from pathlib import Path

import pytest

from shared.model.bundle import BundleError, Labels, write_labels
from shared.model.model_name import ModelNameError
from shared.stores.base import MissingError, Store, StoreError
from shared.stores.opening import open_store
from shared.stores.releases import Pointer, ReleaseWatcher, pointer_key, read_published_manifest, version_key
from tests.tiny_models import tiny_model
from training.commands.store_options import show
from training.release.publishing import publish


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_the_pointer_decides(store: Store, models: Path) -> None:
    watcher = ReleaseWatcher(store, "books")
    first = tiny_model(models)
    publish(store, models / "books", show)
    assert watcher.current().version == first.version
    second = tiny_model(models, seed=1)
    publish(store, models / "books", show)
    assert watcher.current().version == second.version
    assert watcher.current().folder == version_key("books", second.version)


def test_a_working_bundle_is_served_until_there_is_a_pointer(models: Path) -> None:
    store = open_store(str(models))
    watcher = ReleaseWatcher(store, "books")
    with pytest.raises(MissingError, match=r"holds no model 'books': .* training publish`, or correct MODEL_STORE"):
        watcher.current()
    bundle = tiny_model(models)
    assert watcher.current().version == bundle.version
    write_labels(models / "books", Labels(labels={0: ("closed book",)}))
    renamed = watcher.current()
    assert renamed.version != bundle.version
    assert renamed.folder == "books"
    publish(store, models / "books", show)
    assert watcher.current().version == renamed.version
    assert watcher.current().folder == version_key("books", renamed.version)


def test_a_pinned_version_is_found_wherever_it_is(store: Store, models: Path) -> None:
    first = tiny_model(models)
    publish(store, models / "books", show)
    tiny_model(models, seed=1)
    publish(store, models / "books", show)
    assert ReleaseWatcher(store, "books", first.version).current().folder == version_key("books", first.version)
    working = tiny_model(models, seed=2)
    assert ReleaseWatcher(open_store(str(models)), "books", working.version).current().folder == "books"
    for root in (store, open_store(str(models))):
        with pytest.raises(MissingError, match="MODEL_VERSION must be one that"):
            ReleaseWatcher(root, "books", "000000000000-000000").current()


def test_a_name_that_no_model_can_have_is_refused(store: Store) -> None:
    with pytest.raises(ModelNameError, match="can't be a model's name"):
        ReleaseWatcher(store, "../books")


@pytest.mark.parametrize("version", ["latest", "../../embedders", "0123456789ab", "0123456789ab-cdef01/..", "\n"])
def test_an_invalid_version_is_refused(store: Store, version: str) -> None:
    with pytest.raises(StoreError, match="is not a version"):
        ReleaseWatcher(store, "books", version)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", r"current\.json is damaged .*: "),
        (b"[]", r"current\.json is damaged .*: "),
        (b'{"format": 7}', r"current\.json has format 7, this code reads format 1"),
        (b'{"version": "../../../etc"}', r"current\.json is damaged .*: version: String should match"),
    ],
)
def test_a_pointer_that_cannot_be_read_is_named(store: Store, content: bytes, message: str) -> None:
    store.write(pointer_key("books"), content, replacing=None)
    with pytest.raises(BundleError, match=message):
        ReleaseWatcher(store, "books").current()


def test_a_pointer_with_a_version_that_leaves_its_folder_is_refused() -> None:
    good = {"version": "0123456789ab-cdef01", "manifest_sha256": "0" * 64, "moved": "2026-01-01T00:00:00+00:00"}
    assert Pointer.model_validate(good).history == ()
    for bad in ({"version": "0123456789ab-cdef01/../x"}, {"manifest_sha256": "short"}, {"surprise": 1}):
        with pytest.raises(ValueError, match="validation error"):
            Pointer.model_validate(good | bad)


def test_an_invalid_working_manifest_is_named(models: Path) -> None:
    tiny_model(models)
    (models / "books" / "manifest.json").write_text("[]")
    with pytest.raises(BundleError, match=r"books/manifest\.json is not a manifest"):
        ReleaseWatcher(open_store(str(models)), "books").current()


def test_errors_name_the_file_in_the_store(store: Store) -> None:
    store.write("books/versions/0/manifest.json", b'{"format": 9}', replacing=None)
    with pytest.raises(BundleError, match=r"store/books/versions/0/manifest\.json has format 9"):
        read_published_manifest(store, "books/versions/0")
