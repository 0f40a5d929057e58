"""New names reach the index by themselves, and no picture is read for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.relabel import Names, RelabelError, read_names, relabel
from shared.model.bundle import Labels
from shared.model.parts import Edits
from shared.settings import Settings
from tests.local.search.deployments import deployed, draw_groups, found, settings
from tests.local.search.skill_server import VERSION, SkillServer
from tests.tiny_models import tiny_model

NEWER = f"{VERSION.partition('-')[0]}-fedcba"
LABELS = {0: ("open book", "spread"), 1: ("closed book", "book cover"), 2: ("book shelf", "library")}


def run(clients: Clients, names: Names) -> object:
    fields = clients.indexes.get_index(clients.index).fields
    return relabel(clients.documents, fields, names)


def test_relabels_without_a_run(clients: Clients, skill: SkillServer) -> None:
    skill.requests.clear()
    done = relabel(
        clients.documents,
        clients.indexes.get_index(clients.index).fields,
        Names(NEWER, Labels(labels={**LABELS, 0: ("atlas",)})),
    )
    assert (done.changed, done.unchanged, done.other_training, done.regrouped) == (9, 0, 0, False)
    assert found(clients, "atlas") == ["open_book_0.jpg", "open_book_1.jpg", "open_book_2.jpg"]
    assert found(clients, "open") == []
    assert len(found(clients, "library")) == 3
    assert skill.requests == []
    hit = next(iter(clients.documents.search("atlas")))
    assert (hit["model_version"], hit["cluster_id"], len(hit["vector"])) == (NEWER, 0, 512)


def test_relabelling_again_changes_nothing(clients: Clients) -> None:
    names = Names(NEWER, Labels(labels=LABELS))
    fields = clients.indexes.get_index(clients.index).fields
    assert relabel(clients.documents, fields, names).changed == 9
    assert relabel(clients.documents, fields, names).unchanged == 9


def test_near_misses_follow_the_group_they_were_near(clients: Clients) -> None:
    near = {"cluster_id": -1, "suggested_label": ["open book", "double spread"], "model_version": VERSION}
    clients.documents.upload_documents(
        [
            {"id": "near", "file_name": "near.jpg", "label": [], **near},
            {"id": "named", "file_name": "named.jpg", "label": near["suggested_label"], **near},
            {"id": "far", "file_name": "far.jpg", "label": [], "cluster_id": -1, "model_version": VERSION},
        ]
    )
    run(clients, Names(NEWER, Labels(labels={**LABELS, 0: ("atlas",)})))
    assert clients.documents.get_document("near")["suggested_label"] == ["atlas"]
    assert clients.documents.get_document("near")["label"] == []
    assert clients.documents.get_document("named")["label"] == ["atlas"]
    assert clients.documents.get_document("far")["label"] == []


def test_documents_of_deleted_groups_lose_their_names(clients: Clients) -> None:
    run(clients, Names(NEWER, Labels(labels=LABELS, not_groups=(2,))))
    assert found(clients, "shelf") == []


def test_documents_of_another_training_are_left_alone(clients: Clients) -> None:
    fields = clients.indexes.get_index(clients.index).fields
    done = relabel(clients.documents, fields, Names("ffffffffffff-000000", Labels(edits=Edits(core={0: 1}))))
    assert (done.changed, done.other_training, done.regrouped) == (0, 9, True)
    assert len(found(clients, "open")) == 3


def test_groups_keep_their_numbers_from_one_training_to_the_next(clients: Clients) -> None:
    names = Names(
        "ffffffffffff-000000", Labels(labels={0: ("atlas",), 2: LABELS[2]}), ancestors=(VERSION.partition("-")[0],)
    )
    fields = clients.indexes.get_index(clients.index).fields
    done = relabel(clients.documents, fields, names)
    assert done.other_training == 3, "the group of the closed books is gone"
    assert len(found(clients, "atlas")) == 3
    assert len(found(clients, "closed")) == 3
    assert {hit["model_version"] for hit in clients.documents.search("atlas")} == {VERSION}
    assert relabel(clients.documents, fields, names).changed == 0


def test_the_simple_variant_cannot_be_relabelled(skill: SkillServer, tmp_path: Path) -> None:
    of = settings(skill.url, search_variant="simple")
    with deployed(of, draw_groups(tmp_path / "few", each=1)) as clients, pytest.raises(RelabelError, match="simple"):
        run(clients, Names(NEWER, Labels()))


def test_names_come_from_the_model_that_is_served(tmp_path: Path) -> None:
    bundle = tiny_model(tmp_path, names="open book")
    names = read_names(Settings(model_store=str(tmp_path), model_name="books"))
    assert names == Names(bundle.version, bundle.labels)
