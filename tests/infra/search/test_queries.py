"""Questions: all words or any, narrowed, counted, and pictures like another one."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from infra.search.clients import Clients
from infra.search.queries import Answer, QueryError, Question, ask, every, quoted, versions, word_fields
from infra.search.skill import Skill
from tests.local.search.deployments import deployed, draw, draw_groups, settings
from tests.local.search.skill_server import VERSION, Reply, Value, reply, serve_skill
from tests.local.search.skill_server import answer as answer_of


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Generator[Clients]:
    folder = draw_groups(tmp_path_factory.mktemp("pictures"))
    with serve_skill() as skill, deployed(settings(skill.url, search_vector=True), folder) as clients:
        yield clients


def put(clients: Clients, skill: Skill | None = None, **question: Any) -> Answer:
    fields = clients.indexes.get_index(clients.index).fields
    return ask(clients.documents, fields, Question(**question), skill)


def names(answer: Answer) -> list[str]:
    return sorted(hit.file_name for hit in answer.hits)


def test_all_words_find_one_group_and_any_word_finds_others_too(asked: Clients) -> None:
    assert names(put(asked, words="open book")) == ["open_book_0.jpg", "open_book_1.jpg", "open_book_2.jpg"]
    assert len(put(asked, words="open book", mode="any").hits) == 9


def test_stop_words_and_plurals_do_no_harm(asked: Clients) -> None:
    assert len(put(asked, words="the open books").hits) == 3


def test_filters_facets_and_counts(asked: Clients) -> None:
    answer = put(asked, where="cluster_id eq 2", facets=("label", "cluster_id"), top=1)
    assert (len(answer.hits), answer.count) == (1, 3)
    assert answer.facets == {"label": {"book shelf": 3, "library": 3}, "cluster_id": {"2": 3}}


def test_pictures_like_an_indexed_one(asked: Clients) -> None:
    answer = put(asked, like="book_shelf_1.jpg", top=8)
    assert names(Answer(answer.hits[:2], 2)) == ["book_shelf_0.jpg", "book_shelf_2.jpg"]
    assert "book_shelf_1.jpg" not in names(answer)
    by_id = put(asked, like=answer.hits[0].id, where="label/any(l: l eq 'library')")
    assert len(by_id.hits) == 2


def test_pictures_like_a_file(asked: Clients, tmp_path: Path) -> None:
    file = draw(tmp_path / "mine.jpg", "closed_book", shade=4)
    with serve_skill() as server:
        skill = Skill(asked.settings.model_copy(update={"skill_url": server.url}), lambda: asked.login)
        answer = put(asked, skill, like=str(file), top=3)
        assert names(answer) == ["closed_book_0.jpg", "closed_book_1.jpg", "closed_book_2.jpg"]

        def without_vector(values: list[Value]) -> Reply:
            answered = answer_of(values[0])
            del answered["data"]["vector"]
            return reply([answered])

        server.answer = without_vector
        with pytest.raises(QueryError, match="set RETURN_VECTOR=true"):
            put(asked, skill, like=str(file))
    with pytest.raises(QueryError, match="without SKILL_URL"):
        put(asked, like=str(file))


def test_refuses_similarity_queries_it_cannot_answer(asked: Clients, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="neither an indexed picture's id"):
        put(asked, like="nothing.jpg")
    with serve_skill() as server:
        plain = settings(server.url)
        with (
            deployed(plain, draw_groups(tmp_path, each=1)) as clients,
            pytest.raises(QueryError, match="keeps no vectors"),
        ):
            put(clients, like="x")


def test_similarity_to_a_document_without_a_vector_is_an_error(asked: Clients) -> None:
    asked.documents.upload_documents([{"id": "bare", "file_name": "bare.jpg"}])
    try:
        with pytest.raises(QueryError, match="has no vector yet"):
            put(asked, like="bare.jpg")
    finally:
        asked.documents.delete_documents([{"id": "bare"}])


def test_every_reads_any_number_of_documents(asked: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.search.queries._PAGE", 4)
    found = [document["file_name"] for document in every(asked.documents, ["file_name"])]
    assert len(found) == len(set(found)) == 9
    assert len(list(every(asked.documents, [], where="cluster_id eq 1 or cluster_id eq 2"))) == 6


def test_versions_and_literals(asked: Clients) -> None:
    assert versions(asked.documents) == {VERSION: 9}
    assert quoted("it's") == "'it''s'"


def test_words_are_searched_in_text_and_not_in_keys(asked: Clients) -> None:
    fields = asked.indexes.get_index(asked.index).fields
    assert word_fields(fields) == ["content", "label"]
