"""Typos are forgiven where nothing is found, and only there."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.search.clients import Clients
from infra.search.queries import Mode, Question
from infra.search.typos import Forgiven, ask_forgiving, fuzzy_queries
from local.search.full_query import FullQuery
from tests.local.search.deployments import deployed, draw_groups, settings
from tests.local.search.skill_server import serve_skill


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Generator[Clients]:
    folder = draw_groups(tmp_path_factory.mktemp("pictures"), each=1)
    with serve_skill() as skill, deployed(settings(skill.url), folder) as clients:
        yield clients


def put(clients: Clients, words: str, **question: Any) -> Forgiven:
    fields = clients.indexes.get_index(clients.index).fields
    return ask_forgiving(clients.documents, fields, Question(words, **question))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("opne boook", "open book"),
        ("Doubel Spread", "double spread"),
        ("librery", "library"),
        ("the libraryy", "the library"),
        ("closed, boock!", "closed book"),
        ("shelf of boooks", "shelf of book"),
    ],
)
def test_words_like_those_that_were_typed_are_found(clients: Clients, typed: str, found: str) -> None:
    forgiven = put(clients, typed)
    assert (forgiven.forgiven, forgiven.words) == (True, found)
    assert len(forgiven.answer.hits) == 1


def test_three_letters_are_too_few_to_guess_from(clients: Clients) -> None:
    forgiven = put(clients, "bok opne")
    assert (forgiven.forgiven, forgiven.answer.count) == (False, 0)


def test_any_word_is_enough_where_it_was(clients: Clients) -> None:
    forgiven = put(clients, "zzzzzz librery", mode="any")
    assert (forgiven.forgiven, forgiven.words, forgiven.answer.count) == (True, "library", 1)


def test_what_is_found_as_typed_needs_no_forgiveness(clients: Clients) -> None:
    found = put(clients, "open book")
    assert (found.forgiven, found.answer.count) == (False, 1)
    assert put(clients, "zebras").answer.count == 0


@pytest.mark.parametrize(
    "words", ["*", "", "bok", "this with", '"opne boook"', "boook -open", "(boook)", "a|boook", "+boook"]
)
def test_what_has_no_typo_to_forgive(words: str) -> None:
    assert list(fuzzy_queries(words, "all")) == []


def test_the_narrowest_query_comes_first() -> None:
    assert list(fuzzy_queries("open the librery", "all")) == [
        "(open OR open~1) AND the AND (librery OR librery~1)",
        "(open OR open~1) AND the AND (librery OR librery~2)",
    ]
    assert list(fuzzy_queries("with books", "any")) == ["with OR (books OR books~1)"]


@given(st.text(max_size=30), st.sampled_from(["all", "any"]))
def test_nothing_that_is_typed_breaks_the_syntax(words: str, mode: Mode) -> None:
    for query in fuzzy_queries(words, mode):
        FullQuery(query, mode).evaluate(lambda _text, _edits: {1: 1.0}, [1])
