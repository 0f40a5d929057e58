"""Indexing actions, and that a document's texts and vectors follow it."""

from __future__ import annotations

from typing import Any

import pytest

from local.search.errors import ServiceError
from local.search.searching import lookup, search
from tests.local.search.indexes import make_index

BOOK = {"id": "1", "label": ["open book"], "size": 1, "vector": [1, 0, 0]}


def test_upload_replaces_and_merge_keeps() -> None:
    index = make_index(BOOK)
    index.apply([{"@search.action": "merge", "id": "1", "label": ["shut book"]}])
    document = index.find("1")
    assert document is not None
    assert document[1]["size"] == 1
    assert document[1]["label"] == ["shut book"]
    assert index.with_vectors(*document)["vector"] == [1, 0, 0]
    index.apply([{"@search.action": "upload", "id": "1"}])
    document = index.find("1")
    assert document is not None
    assert document[1]["size"] is None
    assert index.with_vectors(*document)["vector"] == []


def test_texts_follow_their_documents() -> None:
    index = make_index(BOOK)
    index.apply([{"@search.action": "merge", "id": "1", "label": ["zebra"]}])
    assert search(index, {"search": "open"})["value"] == []
    assert len(search(index, {"search": "zebra"})["value"]) == 1
    index.apply([{"@search.action": "delete", "id": "1"}])
    assert search(index, {"search": "zebra"})["value"] == []
    assert index.vectors("vector") == {}


def test_each_action_has_its_own_status() -> None:
    index = make_index(BOOK)
    outcomes = index.apply(
        [
            {"@search.action": "merge", "id": "2", "size": 1},
            {"@search.action": "mergeOrUpload", "id": "3", "size": 1},
            {"@search.action": "merge", "id": "1", "size": "large"},
            {"@search.action": "delete", "id": "9"},
        ]
    )
    assert [(outcome.succeeded, int(outcome.status)) for outcome in outcomes] == [
        (False, 404),
        (True, 201),
        (False, 400),
        (True, 200),
    ]
    assert outcomes[2].to_json()["errorMessage"] is not None
    assert index.count() == 2


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"id": "1", "colour": "red"}, "'colour' does not exist"),
        ({"id": "1", "@search.action": "replace"}, "'replace' is not an action"),
        ({"size": 1}, "cannot be missing or empty"),
    ],
)
def test_invalid_batches_are_refused_as_a_whole(action: dict[str, Any], words: str) -> None:
    index = make_index(BOOK)
    with pytest.raises(ServiceError) as caught:
        index.apply([{"id": "5"}, action])
    assert words in str(caught.value)
    assert index.count() == 1


def test_children_replace_those_of_the_same_parent_only() -> None:
    index = make_index({"id": "a", "title": "x"}, {"id": "b", "title": "x"}, {"id": "c", "title": "y"})
    index.replace_children("title", "x", [{"id": "d", "title": "x"}])
    assert sorted(document["id"] for document in index.documents().values()) == ["c", "d"]


def test_invalid_children_change_nothing() -> None:
    index = make_index({"id": "a", "title": "x"})
    with pytest.raises(ServiceError):
        index.replace_children("title", "x", [{"id": "b", "size": "large"}])
    with pytest.raises(ServiceError):
        index.replace_children("title", "x", [{"id": "b", "colour": "red"}])
    assert index.count() == 1


def test_a_lookup_shows_retrievable_fields_only() -> None:
    index = make_index({**BOOK, "hidden": "x"})
    document = lookup(index, "1", None)
    assert document is not None
    assert "hidden" not in document
    assert lookup(index, "1", "label") == {"label": ["open book"]}
    assert lookup(index, "2", None) is None
