"""The full syntax, as far as it is known here; the rest is refused."""

from __future__ import annotations

import pytest

from local.search.errors import ServiceError
from local.search.full_query import FullQuery
from local.search.simple_query import Mode
from local.search.texts import Scores

TEXTS = {1: "open book", 2: "closed book", 3: "book shelf", 4: "zebra", 5: "c++"}


def find(text: str, edits: int | None) -> Scores | None:
    """Words begin with what is looked for, less a letter for each edit."""
    if text == "the":
        return None
    beginning = text[: len(text) - (edits or 0)]
    rows = [row for row, words in TEXTS.items() if any(word.startswith(beginning) for word in words.split())]
    return dict.fromkeys(rows, 1.0)


def matches(query: str, mode: Mode = "all") -> list[int]:
    return sorted(FullQuery(query, mode).evaluate(find, TEXTS))


@pytest.mark.parametrize(
    ("query", "mode", "expected"),
    [
        ("open book", "all", [1]),
        ("open book", "any", [1, 2, 3]),
        ("open AND book", "any", [1]),
        ("open OR zebra", "all", [1, 4]),
        ("(open OR opxn~2) AND (book OR boxx~2)", "any", [1]),
        ("zebrx~", "all", [4]),
        ("zebrx~1", "all", [4]),
        ("zebrx~0", "all", []),
        ("zebxx~9", "all", [4]),
        ("(zebra)", "all", [4]),
        ("the AND book", "all", [1, 2, 3]),
        ("the", "all", [1, 2, 3, 4, 5]),
        ("()", "all", [1, 2, 3, 4, 5]),
        ("*", "all", [1, 2, 3, 4, 5]),
        ("", "any", [1, 2, 3, 4, 5]),
        (r"c\+\+", "all", [5]),
        (r"\(open", "all", []),
    ],
)
def test_what_matches(query: str, mode: Mode, expected: list[int]) -> None:
    assert matches(query, mode) == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a AND b OR c", "only where parentheses part them"),
        ("a b OR c", "only where parentheses part them"),
        ("NOT a", "does not know NOT"),
        ("label:a", "not ':a'"),
        ('"a b"', """not '"a b"'"""),
        ("bo*k", "not '*k'"),
        ("a^2", "not '^2'"),
        ("c++", "not '++'"),
        ("/bo.k/", "not '/bo.k/'"),
        ("(a", "is not closed"),
        ("a)", "nothing opened"),
        ("a AND", "missing before its end"),
        ("AND a", "missing before AND"),
    ],
)
def test_what_is_refused(query: str, words: str) -> None:
    with pytest.raises(ServiceError) as caught:
        matches(query)
    assert words in str(caught.value)
