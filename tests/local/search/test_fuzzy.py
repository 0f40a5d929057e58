"""Edits between terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.search.fuzzy import edits


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("book", "book", 0),
        ("bok", "book", 1),
        ("boook", "book", 1),
        ("look", "book", 1),
        ("obok", "book", 1),
        ("librery", "librari", 2),
        ("", "book", 4),
        ("ca", "abc", 3),
    ],
)
def test_letters_are_inserted_deleted_replaced_and_exchanged(one: str, other: str, expected: int) -> None:
    assert edits(one, other) == edits(other, one) == expected


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_no_more_than_the_longer_and_none_only_between_equals(one: str, other: str) -> None:
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))
    assert (edits(one, other) == 0) == (one == other)
