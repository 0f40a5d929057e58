"""Fetching a published model back, and the four commands as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shared.model.bundle import CLUSTERS, MANIFEST, REPORT, BundleError, Labels, read_bundle, write_labels
from shared.stores.base import MissingError, Store
from shared.stores.graphs import graph_path
from shared.stores.opening import open_store
from shared.stores.releases import version_key
from tests.stores import Place
from tests.tiny_models import tiny_model
from training.commands.app import app
from training.commands.store_options import show
from training.release.publishing import publish, read_pointer
from training.release.versions import FetchError, fetch


def test_a_fetched_model_is_the_published_one(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    (models / "books" / REPORT).write_text("<p>report")
    publish(store, models / "books", show)
    folder = fetch(store, "books", None, tmp_path / "here", show)
    assert folder == tmp_path / "here" / "books"
    fetched = read_bundle(folder)
    assert (fetched.manifest, fetched.version) == (bundle.manifest, bundle.version)
    assert {path.name for path in folder.iterdir()} == {path.name for path in (models / "books").iterdir()}
    assert graph_path(tmp_path / "here", bundle.manifest.embedder.graph_sha256).exists()
    assert [path.name for path in (tmp_path / "here").iterdir() if path.name.startswith(".")] == [".books.lock"]


def test_a_fetched_model_can_be_named_and_published(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", show)
    folder = fetch(store, "books", None, tmp_path / "here", show)
    write_labels(folder, Labels(labels={0: ("closed book",)}))
    assert publish(store, folder, show).previous == bundle.version


def test_unpublished_names_are_not_overwritten(store: Store, models: Path) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", show)
    fetch(store, "books", None, models, show)
    write_labels(models / "books", Labels(labels={0: ("hours of work",)}))
    (models / "books" / REPORT).write_text("report on the names")
    with pytest.raises(FetchError, match=f"models/books holds version {bundle.manifest.version}-"):
        fetch(store, "books", None, models, show)
    fetch(store, "books", None, models, show, overwrite=True)
    assert read_bundle(models / "books").version == bundle.version
    assert not (models / "books" / REPORT).exists()


def test_a_version_can_be_chosen(store: Store, models: Path, tmp_path: Path) -> None:
    first = tiny_model(models)
    publish(store, models / "books", show)
    tiny_model(models, seed=1)
    publish(store, models / "books", show)
    assert read_bundle(fetch(store, "books", first.version, tmp_path / "here", show)).version == first.version


def test_damaged_files_in_the_store_are_not_installed(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    publish(store, models / "books", show)
    home = version_key("books", bundle.version)
    for key, content, message in (
        (f"{home}/{CLUSTERS}", b"damaged", rf"{CLUSTERS} is damaged"),
        (f"{home}/{MANIFEST}", b"damaged", rf"{MANIFEST} is damaged"),
    ):
        found = store.stat(key)
        assert found is not None
        store.write(key, content, replacing=found.etag)
        with pytest.raises(BundleError, match=message):
            fetch(store, "books", None, tmp_path / "here", show)
    assert [path.name for path in (tmp_path / "here").iterdir()] == [".books.lock"]


def test_a_manifest_cannot_name_files_outside(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    manifest = bundle.manifest.model_copy(update={"files": bundle.manifest.files | {"../../outside": "0" * 64}})
    home = version_key("books", bundle.version)
    store.write(f"{home}/{MANIFEST}", manifest.model_dump_json().encode(), replacing=None)
    store.write("books/outside", b"", replacing=None)
    with pytest.raises(BundleError, match=r"manifest\.json is not a manifest: files\.\.\./\.\./outside"):
        fetch(store, "books", bundle.version, tmp_path / "here", show)


def test_a_folder_that_holds_another_version_is_refused(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    home = version_key("books", "000000000000-000000")
    for path in (models / "books").iterdir():
        store.write(f"{home}/{path.name}", path.read_bytes(), replacing=None)
    with pytest.raises(BundleError, match=f"holds version {bundle.version}, not 000000000000-000000"):
        fetch(store, "books", "000000000000-000000", tmp_path / "here", show)


def test_a_file_that_is_missing_is_named(store: Store, models: Path, tmp_path: Path) -> None:
    bundle = tiny_model(models)
    home = version_key("books", bundle.version)
    manifest = (models / "books" / MANIFEST).read_bytes()
    store.write(f"{home}/{MANIFEST}", manifest, replacing=None)
    with pytest.raises(MissingError, match=f"{CLUSTERS} is missing: publish the model again"):
        fetch(store, "books", bundle.version, tmp_path / "here", show)


class Command:
    """`python -m training` against one store."""

    def __init__(self, place: Place) -> None:
        self._env = place.env()

    def __call__(self, *arguments: object, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=self._env)
        assert result.exit_code == exit_code, result.output
        return result

    def json(self, *arguments: object) -> object:
        return json.loads(self(*arguments, "--json").stdout)


def test_the_commands_from_publishing_to_fetching(place: Place, models: Path, tmp_path: Path) -> None:
    command = Command(place)
    first = tiny_model(models).version
    published = command("publish", models / "books").stderr
    assert f"Published books {first}" in published
    assert f"python -m local.host --store {place.location} --model books" in published
    assert "nothing to do" in command("publish", models / "books").stderr
    second = tiny_model(models, seed=1).version
    assert command.json("publish", models / "books") == {"name": "books", "version": second, "previous": first}

    listed = command.json("versions")
    assert isinstance(listed, list)
    # Sorted, as Blob Storage counts whole seconds.
    found = sorted((each["version"], each["current"], each["named"]) for each in listed)
    assert found == sorted([(first, False, 2), (second, True, 2)])

    third = tiny_model(models, seed=2).version
    assert f"Published books {third}, before it {second}" in command("publish", models / "books").stderr
    command("rollback")

    assert f"current │ {second}" in command("versions").stdout

    assert f"Current: books {first}, before it {second}" in command("rollback").stderr
    assert "nothing to do" in command("rollback", first).stderr
    assert command.json("rollback", second) == {"name": "books", "version": second, "previous": first}

    assert "Fetched" in command("fetch", first, "--to", tmp_path / "here").stderr
    assert read_bundle(tmp_path / "here" / "books").version == first
    refused = command("fetch", "--to", tmp_path / "here", exit_code=1)
    assert f"here/books holds version {first}" in refused.stderr
    command("fetch", "--to", tmp_path / "here", "--overwrite")
    assert read_bundle(tmp_path / "here" / "books").version == second


def test_errors_are_one_line(place: Place, tmp_path: Path) -> None:
    result = Command(place)("rollback", exit_code=1)
    assert result.stderr == f"Error: {place.location} has no published model 'books': there is nothing to roll back\n"
    assert result.stdout == ""


def test_the_store_is_the_folder_models_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    bundle = tiny_model(tmp_path / "trained")
    result = CliRunner().invoke(app, ["publish", str(tmp_path / "trained" / "books")])
    assert result.exit_code == 0, result.output
    published = read_pointer(open_store(str(tmp_path / "models")), "books")
    assert published is not None
    assert published.version == bundle.version
