"""`publish`: a model goes into service, and its new group into the index, by one command."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.search.cli import app
from infra.search.clients import Clients
from shared.digests import sha256
from shared.files import write_atomically
from shared.model.bundle import read_bundle, write_labels
from shared.model.met import Met
from shared.stores.folder import FolderStore
from shared.stores.graphs import graph_path
from tests.local.search.deployments import environment, found
from tests.tiny_models import tiny_graph
from tests.training.model.blobs import EPS, blob, embedded, named
from training.model.build import build_model
from training.model.discover import discover_met, read_met
from training.model.options import Options
from training.progress import no_progress
from training.release.publishing import publish

pytestmark = pytest.mark.slow

OLD, NEW = named("old", blob(1, 5)), named("new", blob(2, 6))
OPTIONS = Options("books", eps=EPS, graph_sha256=sha256(tiny_graph()))


@pytest.fixture
def model(clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published model that does not know what the index holds; the settings are in the environment."""
    folder, store = tmp_path / "models" / "books", tmp_path / "store"
    version = build_model(embedded(OLD), OPTIONS, folder).bundle.version
    graph_path(folder.parent, OPTIONS.graph_sha256).parent.mkdir()
    write_atomically(graph_path(folder.parent, OPTIONS.graph_sha256), tiny_graph())
    publish(FolderStore(store), folder, no_progress)
    root = clients.images.url
    shared = {"label": [], "cluster_id": -1, "distance": 0.9, "model_version": version}
    clients.documents.upload_documents(
        [
            shared | {"id": name[:-4], "file_name": name, "url": f"{root}/{name}", "vector": vector.tolist()}
            for name, vector in NEW.items()
        ]
    )
    for name, value in environment(clients.settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MODEL_STORE", str(store))
    monkeypatch.setenv("MODEL_NAME", "books")
    return folder


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def met(tmp_path: Path) -> Met:
    result = command("unclustered", str(tmp_path / "met.json"))
    assert "6 pictures of the index in no group" in result.stderr
    return read_met(tmp_path / "met.json")


def test_words_find_an_accepted_group_and_not_a_proposed_one(model: Path, clients: Clients, tmp_path: Path) -> None:
    discover_met(model, met(tmp_path))
    labels = read_bundle(model).labels
    assert command("publish", str(model)).exit_code == 0
    assert clients.documents.get_document("new0")["cluster_id"] == -1
    assert found(clients, "comet") == []
    write_labels(model, labels.model_copy(update={"proposed": (), "labels": {1: ("comet",)}}))
    result = command("publish", str(model))
    assert f"Published books {read_bundle(model).version}" in result.stderr
    assert found(clients, "comet") == sorted(NEW)


def test_names_of_a_model_that_is_not_served_stay_out_of_the_index(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_NAME", "others")
    result = command("publish", str(model))
    assert result.exit_code == 1
    assert "MODEL_NAME is others" in " ".join(result.stderr.split())


def test_a_model_that_can_not_be_published_changes_nothing(model: Path) -> None:
    assert command("publish", str(model.with_name("nothing"))).exit_code == 1
