"""Names against tags and captions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.comparison import Description, HitComparison, compare_hits, descriptions
from infra.search.queries import QueryError
from tests.conftest import PROJECT
from tests.local.search.deployments import deployed, settings
from tests.local.search.skill_server import SkillServer


def test_compares_names_with_computer_vision(skill: SkillServer, tmp_path: Path) -> None:
    for name in ("open_book_01", "closed_book_04", "odd_01"):
        shutil.copy(PROJECT / "data" / "test" / f"{name}.jpg", tmp_path)
    of = settings(skill.url, compare_ai_services_url="http://127.0.0.1/")
    with deployed(of, tmp_path) as clients:
        fields = clients.indexes.get_index(clients.index).fields
        documents = {d["file_name"]: d["id"] for d in clients.documents.search("*")}
        labels = {"open_book_01.jpg": ["open book"], "closed_book_04.jpg": ["closed book"], "odd_01.jpg": []}
        clients.documents.merge_documents([{"id": documents[name], "label": its} for name, its in labels.items()])
        described = descriptions(clients.documents, fields)
        found = compare_hits(clients.documents, fields, ["book", "sailboat", "closed book"])
    assert described[0] == Description(
        "closed_book_04.jpg", ("closed book",), ("text", "book", "passport", "pattern"), ("a passport on a tablecloth",)
    )
    assert found == [
        HitComparison("book", ["closed_book_04.jpg", "open_book_01.jpg"], [], []),
        HitComparison("sailboat", [], [], ["odd_01.jpg"]),
        HitComparison("closed book", [], ["closed_book_04.jpg"], []),
    ]


def test_refuses_an_index_without_both_kinds_of_fields(clients: Clients) -> None:
    fields = clients.indexes.get_index(clients.index).fields
    with pytest.raises(QueryError, match="no caption and no tags: deploy with COMPARE_AI_SERVICES_URL"):
        descriptions(clients.documents, fields)
    with pytest.raises(QueryError):
        compare_hits(clients.documents, fields, ["x"])
