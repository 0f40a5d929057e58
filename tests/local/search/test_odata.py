"""Filters and orders: what fits, and what is refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from local.search.errors import ServiceError
from local.search.odata import parse_filter, parse_order
from tests.local.search.indexes import make_index

FIELDS = make_index().fields
ROW: dict[str, Any] = {
    "id": "a1",
    "label": ["open book", "it's"],
    "size": 5,
    "ratio": 0.5,
    "good": True,
    "when": "2026-01-02T03:04:05Z",
    "title": None,
}


@pytest.mark.parametrize(
    "expression",
    [
        "id eq 'a1'",
        "size ge 5 and size lt 6",
        "size gt 9 or ratio le 0.5",
        "not (size eq 4)",
        "size eq 4 or size eq 5 and good eq true",
        "good",
        "not not good",
        "title eq null",
        "label/any()",
        "label/any(l: l eq 'open book')",
        "label/any(l: l eq 'it''s' or l eq 'x')",
        "label/all(l: l ne 'closed book')",
        "label/any(l: search.in(l, 'x|open book', '|'))",
        "search.in(id, 'a0,a1')",
        "when gt 2025-12-31T00:00:00Z",
        "when le 2026-01-02T04:04:05+01:00",
        "size ne -5",
    ],
)
def test_filters_accept_matching_documents(expression: str) -> None:
    assert parse_filter(expression, FIELDS)(ROW)
    assert not parse_filter(f"not ({expression})", FIELDS)(ROW)


@pytest.mark.parametrize("expression", ["title gt 'a'", "title lt 'a'", "label/all(l: l eq 'x')", "size eq null"])
def test_filters_reject_other_documents(expression: str) -> None:
    assert not parse_filter(expression, FIELDS)(ROW)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("nothing eq 1", "could not find a property named 'nothing'"),
        ("hidden eq 'x'", "'hidden' is not filterable"),
        ("vector/any()", "'vector' is not filterable"),
        ("label eq 'x'", "only be asked with any() or all()"),
        ("label/some(l: l eq 'x')", "expected any or all"),
        ("size", "ends too early"),
        ("size eq", "ends too early"),
        ("size like 5", "expected a comparison, not 'like'"),
        ("size eq 5 size", "unexpected 'size'"),
        ("(size eq 5", "expected ')'"),
        ("size eq #", "unexpected '#'"),
        ("search.in(id, id)", "expected a text"),
    ],
)
def test_what_is_refused(expression: str, words: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_filter(expression, FIELDS)
    assert words in str(caught.value)


def test_refuses_to_compare_different_types() -> None:
    with pytest.raises(ServiceError, match="incompatible types"):
        parse_filter("size gt 'a'", FIELDS)(ROW)


def test_orders() -> None:
    assert parse_order("size desc", FIELDS) == ("size", True)
    assert parse_order(" size", FIELDS) == ("size", False)
    assert parse_order("search.score() asc", FIELDS) == ("search.score()", False)
    for wrong in ("label", "nothing", "size downwards"):
        with pytest.raises(ServiceError, match="Invalid"):
            parse_order(wrong, FIELDS)
