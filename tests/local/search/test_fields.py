"""Fields: the service's defaults, what definitions may say, which values fit."""

from __future__ import annotations

from typing import Any

import pytest

from local.search.errors import ServiceError
from local.search.fields import check_fields, checked_value, complete, read_fields
from tests.local.search.indexes import FIELDS, definition


def field(**described: Any) -> dict[str, Any]:
    whole = complete({"name": "x", "fields": [{"name": "f", "type": "Edm.String", **described}]})
    return whole["fields"][0]


def test_defaults_are_spelt_out() -> None:
    text = field()
    assert text == {
        "name": "f",
        "type": "Edm.String",
        "key": False,
        "searchable": True,
        "filterable": True,
        "sortable": True,
        "facetable": True,
        "retrievable": True,
        "analyzer": None,
    }
    assert field(type="Collection(Edm.String)")["sortable"] is False
    assert field(type="Edm.Int32")["searchable"] is False
    vector = field(type="Collection(Edm.Single)", dimensions=3, searchable=True)
    assert (vector["retrievable"], vector["filterable"]) == (False, False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": True}, "exactly one key field; it has 2"),
        ({"name": "ID"}, "differ in more than case"),
        ({"type": "Edm.GeographyPoint"}, "does not know"),
        ({"analyzer": "de.microsoft"}, "'de.microsoft'; here there are"),
        ({"type": "Edm.Int32", "searchable": True}, "can't be searchable"),
        ({"type": "Collection(Edm.String)", "sortable": True}, "can't be sortable"),
        ({"type": "Collection(Edm.Single)"}, "needs dimensions"),
    ],
)
def test_refuses_invalid_field_definitions(change: dict[str, Any], words: str) -> None:
    whole = complete(definition([*FIELDS, {"name": "more", "type": "Edm.String", **change}]))
    with pytest.raises(ServiceError) as caught:
        check_fields(whole)
    assert words in str(caught.value)


def test_a_key_of_another_type() -> None:
    with pytest.raises(ServiceError, match="must be of type"):
        check_fields(complete(definition([{"name": "id", "type": "Edm.Int32", "key": True}])))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "aZ0_-="),
        ("label", []),
        ("label", ["a"]),
        ("size", -(2**31)),
        ("ratio", 1),
        ("ratio", 0.1),
        ("good", False),
        ("when", "2026-01-02T03:04:05Z"),
        ("vector", [1, 2.0, 3]),
        ("title", None),
    ],
)
def test_accepts_values_of_the_type(name: str, value: object) -> None:
    assert checked_value(read_fields(complete(definition()))[name], value) == value


def test_an_empty_collection_is_a_list() -> None:
    assert checked_value(read_fields(complete(definition()))["label"], None) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", None),
        ("id", "a b"),
        ("id", ""),
        ("label", "a"),
        ("label", [1]),
        ("size", 2**31),
        ("size", 1.5),
        ("size", True),
        ("ratio", float("nan")),
        ("good", 1),
        ("when", "yesterday"),
        ("when", "2026-01-02T03:04:05"),
        ("vector", [1, 2]),
        ("title", 5),
    ],
)
def test_refuses_values_of_another_type(name: str, value: object) -> None:
    with pytest.raises(ServiceError):
        checked_value(read_fields(complete(definition()))[name], value)
