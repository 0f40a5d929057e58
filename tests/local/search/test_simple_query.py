"""The simple syntax: operators, both search modes, and that nothing is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.search.simple_query import Mode, SimpleQuery
from local.search.texts import Scores

# Document to words.
TEXTS = {1: "open book", 2: "closed book", 3: "book shelf", 4: "zebra", 5: "bookcase"}
STOP_WORDS = {"the"}


def find(text: str, prefix: bool) -> Scores | None:
    if text.lower() in STOP_WORDS:
        return None
    rows = [
        row
        for row, words in TEXTS.items()
        if (any(word.startswith(text) for word in words.split()) if prefix else f" {text} " in f" {words} ")
    ]
    return dict.fromkeys(rows, 1.0)


def matches(query: str, mode: Mode = "all") -> list[int]:
    return sorted(SimpleQuery(query, mode).evaluate(find, TEXTS))


@pytest.mark.parametrize(
    ("query", "mode", "expected"),
    [
        ("open book", "all", [1]),
        ("open book", "any", [1, 2, 3]),
        ("open + book", "any", [1]),
        ("open | zebra", "all", [1, 4]),
        ("book -open", "all", [2, 3]),
        ("book -open", "any", [1, 2, 3, 4, 5]),
        ("-book", "all", [4, 5]),
        ('"book shelf"', "all", [3]),
        ('"shelf book"', "all", []),
        ("book*", "all", [1, 2, 3, 5]),
        ("book+(open|closed)", "any", [1, 2]),
        ("(open|zebra) book", "all", [1]),
        ("open | closed + book", "any", [1, 2]),
        ("the book", "all", [1, 2, 3]),
        ("the", "all", [1, 2, 3, 4, 5]),
        ("*", "all", [1, 2, 3, 4, 5]),
        ("", "any", [1, 2, 3, 4, 5]),
        ("unheard-of", "all", []),
        (r"\-book", "all", []),
        ("open)", "all", [1]),
        ("open) book", "all", [1]),
        ("(open", "all", [1]),
        ('"open', "all", [1]),
        ("open -", "all", [1]),
        ("open - + book", "all", [1]),
        ("+ | open", "all", [1]),
    ],
)
def test_what_matches(query: str, mode: Mode, expected: list[int]) -> None:
    assert matches(query, mode) == expected


def test_scores_add_up() -> None:
    assert SimpleQuery("open book", "any").evaluate(find, TEXTS)[1] == 2.0


@given(st.text(alphabet='ab *+|-()"\\ ', max_size=20), st.sampled_from(["all", "any"]))
def test_no_simple_query_is_refused(query: str, mode: Mode) -> None:
    assert set(SimpleQuery(query, mode).evaluate(find, TEXTS)) <= TEXTS.keys()
