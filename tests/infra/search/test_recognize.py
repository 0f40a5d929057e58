"""A kind that the model meets after indexing: the words find its pictures, and the indexer does not run."""

from __future__ import annotations

from pathlib import Path

from infra.search.clients import Clients
from infra.search.recognize import Served, read_served, recognize
from infra.search.relabel import read_names, relabel
from shared.digests import sha256
from shared.files import write_atomically
from shared.model.bundle import read_bundle, write_labels
from shared.settings import Settings
from shared.stores.folder import FolderStore
from shared.stores.graphs import graph_path
from tests.local.search.deployments import found
from tests.local.search.skill_server import SkillServer
from tests.tiny_models import tiny_graph
from tests.training.model.blobs import EPS, blob, embedded, named
from training.model.build import build_model
from training.model.extend import extend
from training.model.options import Options
from training.progress import no_progress
from training.release.publishing import publish

OLD, NEW, ODD = named("old", blob(1, 5)), named("new", blob(2, 6)), named("odd", blob(3, 1))
OPTIONS = Options("books", eps=EPS, graph_sha256=sha256(tiny_graph()))


def index(clients: Clients, version: str) -> None:
    """What the indexer left: the pictures of the new kind are in no group."""
    clients.documents.upload_documents(
        [
            {"id": name[:-4], "file_name": name, "label": [], "cluster_id": -1, "distance": 0.9,
             "model_version": version, "vector": vector.tolist()}
            for name, vector in (NEW | ODD).items()
        ]
    )  # fmt: skip


def test_words_find_a_new_kind_without_a_run(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    folder, store = tmp_path / "models" / "books", tmp_path / "store"
    before = build_model(embedded(OLD), OPTIONS, folder).bundle
    graph_path(folder.parent, OPTIONS.graph_sha256).parent.mkdir()
    write_atomically(graph_path(folder.parent, OPTIONS.graph_sha256), tiny_graph())
    publish_to(store, folder)
    index(clients, before.version)
    skill.requests.clear()

    learnt = extend(before, folder, embedded(NEW))
    labels = learnt.bundle.labels
    write_labels(folder, labels.model_copy(update={"labels": {next(iter(learnt.found)): ("comet",)}}))
    publish_to(store, folder)
    settings = Settings(model_store=str(store), model_name="books")
    fields = clients.indexes.get_index(clients.index).fields
    relabel(clients.documents, fields, read_names(settings))
    assert recognize(clients.documents, fields, read_served(settings)) == len(NEW)

    assert found(clients, "comet") == sorted(NEW)
    assert clients.documents.get_document("odd0")["cluster_id"] == -1
    assert clients.documents.get_document("new0")["model_version"] == read_bundle(folder).version
    assert skill.requests == []
    assert recognize(clients.documents, fields, read_served(settings)) == 0


def test_vectors_of_another_network_are_not_compared(clients: Clients, tmp_path: Path) -> None:
    bundle = build_model(embedded(NEW), OPTIONS, tmp_path / "books").bundle
    index(clients, "ffffffffffff-000000")
    fields = clients.indexes.get_index(clients.index).fields
    assert recognize(clients.documents, fields, Served(bundle, frozenset({bundle.manifest.version}))) == 0


def publish_to(store: Path, folder: Path) -> None:
    publish(FolderStore(store), folder, no_progress)
