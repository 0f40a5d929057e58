"""Search requests: words, modes, filters, facets, pages, vectors; and parameters that are not known."""

from __future__ import annotations

from typing import Any

import pytest

from local.search.errors import ServiceError
from local.search.searching import search
from tests.local.search.indexes import make_index

INDEX = make_index(
    {"id": "1", "label": ["open book", "double spread"], "size": 3, "vector": [1, 0, 0], "plain": "the open door"},
    {"id": "2", "label": ["closed book"], "size": 1, "vector": [0.9, 0.1, 0], "plain": "a"},
    {"id": "3", "label": ["book shelf"], "size": 2, "vector": [0, 0, 1]},
    {"id": "4", "label": [], "title": "Books about open_book_1.jpg"},
)


def ids(**request: Any) -> list[str]:
    return [document["id"] for document in search(INDEX, request)["value"]]


def test_all_words_or_any() -> None:
    assert ids(search="open book", searchMode="all", searchFields="label") == ["1"]
    assert sorted(ids(search="open book", searchMode="any", searchFields="label")) == ["1", "2", "3"]
    assert sorted(ids(search="open book", searchFields="label")) == ["1", "2", "3"]  # any is the service's default


def test_words_are_stemmed_where_the_analyzer_says_so() -> None:
    assert ids(search="opening books", searchMode="all", searchFields="label") == ["1"]
    assert ids(search="doors", searchFields="plain") == []
    assert ids(search="door", searchFields="plain") == ["1"]


def test_no_phrase_reaches_from_one_label_into_the_next() -> None:
    assert ids(search='"open book"', searchFields="label") == ["1"]
    assert ids(search='"book double"', searchFields="label") == []


def test_a_file_name_is_one_word() -> None:
    assert "4" not in ids(search="open", searchFields="title")
    assert ids(search="open_book_1", searchFields="title") == ["4"]


def test_a_stop_word_is_asked_of_fields_that_keep_it() -> None:
    assert ids(search="the open book", searchMode="all", searchFields="label") == ["1"]
    assert ids(search="the shelf", searchMode="all", searchFields="label,plain") == []


def test_fuzzy_terms_are_compared_with_the_index_s_stems() -> None:
    full = {"queryType": "full", "searchFields": "label"}
    assert ids(search="shelv~1", **full) == ["3"]
    assert ids(search="opne~1 AND bok~1", **full) == ["1"]
    assert ids(search="Spreda~1", **full) == ["1"], "an exchange is one edit, and lower case is all that is done to it"
    assert ids(search="dubel~1", **full) == [], "the index holds doubl"
    assert ids(search="dubel~", **full) == ["1"]
    assert ids(search="opening", **full) == ["1"]
    assert ids(search="opening~1", **full) == []
    assert ids(search="42~1", queryType="full", searchFields="id") == ["2", "4"]
    assert ids(search="dor~1", queryType="full", searchFields="label") == []
    assert ids(search="dor~1", queryType="full", searchFields="plain") == ["1"]
    assert ids(search="dor~1", queryType="full", searchFields="plain", filter="id ne '1'") == []


def test_the_key_is_one_term() -> None:
    assert ids(search="1", searchFields="id") == ["1"]


def test_filters_orders_and_pages() -> None:
    assert ids(filter="size ge 2", orderby="size desc") == ["1", "3"]
    assert ids(orderby="size asc", top=2) == ["4", "2"]
    assert ids(orderby="size asc", top=2, skip=2) == ["3", "1"]
    by_score = ids(search="open book", searchFields="label")
    assert ids(search="open book", searchFields="label", orderby="search.score() asc")[-1] == by_score[0] == "1"
    assert search(INDEX, {"top": 0, "count": True}) == {"value": [], "@odata.count": 4}


def test_facets_count_what_was_found() -> None:
    found = search(INDEX, {"search": "open", "searchFields": "label", "facets": ["label", "size"]})
    assert found["@search.facets"]["label"] == [
        {"value": "double spread", "count": 1},
        {"value": "open book", "count": 1},
    ]
    by_value = search(INDEX, {"facets": ["size,count:2,sort:value"]})["@search.facets"]["size"]
    assert by_value == [{"value": 1, "count": 1}, {"value": 2, "count": 1}]


def test_vectors() -> None:
    query = {"kind": "vector", "vector": [1, 0, 0], "fields": "vector", "k": 2}
    assert ids(vectorQueries=[query]) == ["1", "2"]
    assert ids(vectorQueries=[query], filter="id ne '1'") == ["2", "3"]
    assert search(INDEX, {"vectorQueries": [query]})["value"][0]["@search.score"] == pytest.approx(1.0)
    fused = ids(vectorQueries=[query], search="shelf")
    assert set(fused) == {"1", "2", "3"}
    assert ids(vectorQueries=[query], filter="id eq '4'") == []


def test_vectors_are_shown_only_when_asked_for() -> None:
    assert "vector" not in search(INDEX, {})["value"][0]
    assert search(make_index(), {"search": "x"}) == {"value": []}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"highlight": "label"}, "does not know the search parameters highlight"),
        ({"queryType": "semantic"}, "'simple' and 'full' only"),
        ({"queryType": "full", "search": "label:open"}, "of the full syntax, not ':open'"),
        ({"searchMode": "some"}, "'any' or 'all'"),
        ({"searchFields": "size"}, "'size' in searchFields"),
        ({"select": "nothing"}, "'nothing' to select"),
        ({"select": "hidden"}, "'hidden' to select"),
        ({"facets": ["hidden"]}, "not facetable"),
        ({"facets": ["size,interval:2"]}, "count and sort"),
        ({"top": -1}, "top must be"),
        ({"skip": "1"}, "skip must be"),
        ({"vectorQueries": [{"kind": "text", "text": "x"}]}, "kind 'vector'"),
        ({"vectorQueries": [{"kind": "vector", "vector": [1], "fields": "label"}]}, "not a vector field"),
        ({"vectorQueries": [{"kind": "vector", "vector": [1], "fields": "vector"}]}, "has 1 dimensions"),
        ({"filter": "nothing eq 1"}, "'nothing'"),
    ],
)
def test_what_is_refused(request_: dict[str, Any], words: str) -> None:
    with pytest.raises(ServiceError) as caught:
        search(INDEX, request_)
    assert words in str(caught.value)
