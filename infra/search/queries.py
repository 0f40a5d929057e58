"""Questions to the index: words, filters, facets, pictures like another one; and how many documents are outdated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from azure.search.documents import SearchClient
from azure.search.documents.models import VectorizedQuery

from infra.search.skill import Skill
from shared.errors import UserError

type Mode = Literal["all", "any"]

# The key is searchable too, as projections want it, but never holds a word that somebody would look for; and with
# searchMode=all a stop word ("the open book") would be asked of it alone, and nothing would be found.
_SEARCHABLE_BUT_NOT_WORDS = frozenset({"id", "vector"})
_HIT = ["id", "file_name", "label", "url", "page_number"]
_PAGE = 1000  # the most that one answer holds


class QueryError(UserError):
    """This question can't be asked of this index."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Without words, every document matches."""

    words: str = "*"
    mode: Mode = "all"
    where: str | None = None
    """An OData filter, such as `label/any(l: l eq 'open book')`."""
    facets: Sequence[str] = ()
    like: str | None = None
    """An indexed picture's id or file name, or a file on this machine: pictures that look like it, nearest first."""
    top: int = 50
    skip: int = 0
    """How many hits come before the first one of the answer."""
    nearest: int | None = None
    """Of how many most alike pictures hits are; as many as are asked for, unless given."""
    syntax: Literal["simple", "full"] = "simple"
    """The words': the service's simple one, or Lucene's."""
    fields: Sequence[str] = ()
    """The fields in which the words are looked for; without, all that hold words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One picture that was found."""

    id: str
    file_name: str
    label: tuple[str, ...]
    url: str
    score: float
    page_number: int = 0
    """The page of a document that the picture is on; 0 for a picture of its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: the first hits, how many there are in all, and values of the facets with their counts."""

    hits: list[Hit]
    count: int
    facets: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])


def ask(documents: SearchClient, fields: Sequence[Any], question: Question, skill: Skill | None = None) -> Answer:
    """Ask the index. `fields` are its fields, `skill` embeds a picture that is not indexed. Raises QueryError."""
    where = question.where
    vectors: list[Any] | None = None
    if question.like is not None:
        vector, own_id = _vector(documents, {each.name for each in fields}, question.like, skill)
        nearest = question.nearest or question.skip + question.top
        vectors = [VectorizedQuery(vector=vector, fields="vector", k_nearest_neighbors=nearest)]
        if own_id is not None:
            other = f"id ne {quoted(own_id)}"
            where = f"({where}) and {other}" if where else other
    words = None if vectors and question.words == "*" else question.words
    found = documents.search(
        words,
        query_type=question.syntax,
        search_mode=question.mode,
        search_fields=list(question.fields) or word_fields(fields),
        filter=where,
        facets=list(question.facets) or None,
        vector_queries=vectors,
        include_total_count=True,
        select=_HIT if "page_number" in {each.name for each in fields} else _HIT[:-1],
        order_by=["search.score() desc", "id asc"],  # so that no hit changes the page, however many are alike
        top=question.top,
        skip=question.skip,
    )
    hits = [_hit(document) for document in found]
    counts = {
        name: {str(value["value"]): int(value["count"]) for value in values}
        for name, values in (found.get_facets() or {}).items()
    }
    return Answer(hits, found.get_count() or len(hits), counts)


def word_fields(fields: Sequence[Any]) -> list[str]:
    """The fields of an index in which words are looked for."""
    return [each.name for each in fields if each.searchable and each.name not in _SEARCHABLE_BUT_NOT_WORDS]


def every(documents: SearchClient, select: Sequence[str], where: str | None = None) -> Iterator[dict[str, Any]]:
    """All documents that fit a filter, however many: page by page in the order of their keys."""
    last: str | None = None
    while True:
        parts = [f"({where})"] if where else []
        parts += [f"id gt {quoted(last)}"] if last is not None else []
        page = list(
            documents.search(
                "*", filter=" and ".join(parts) or None, order_by=["id asc"], select=["id", *select], top=_PAGE
            )
        )
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]["id"]


def versions(documents: SearchClient) -> dict[str, int]:
    """How many documents each version of the model has answered."""
    found = documents.search("*", facets=["model_version,count:1000"], top=0)
    return {str(value["value"]): int(value["count"]) for value in (found.get_facets() or {}).get("model_version", [])}


def quoted(text: str) -> str:
    """A text as an OData literal."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _vector(
    documents: SearchClient, fields: set[str], like: str, skill: Skill | None
) -> tuple[list[float], str | None]:
    if "vector" not in fields:
        raise QueryError("this index keeps no vectors: deploy with SEARCH_VECTOR=true, then `reset` and `run`")
    where = f"id eq {quoted(like)} or file_name eq {quoted(like)}"
    for document in documents.search("*", filter=where, select=["id", "vector"], top=1):
        if not document["vector"]:
            raise QueryError(f"{like} has no vector yet: `reset` and `run` fill it")
        return document["vector"], document["id"]
    if not Path(like).is_file():
        raise QueryError(f"{like} is neither an indexed picture's id or file name nor a file on this machine")
    if skill is None:
        raise QueryError(f"{like} is not indexed, and without SKILL_URL nobody can embed it")
    vector = skill.answer(Path(like).read_bytes()).get("vector")
    if not vector:
        raise QueryError("the skill answers no vector: set RETURN_VECTOR=true on the Function")
    return vector, None


def _hit(document: dict[str, Any]) -> Hit:
    return Hit(
        id=document["id"],
        file_name=document["file_name"],
        label=tuple(document["label"] or ()),
        url=document["url"],
        score=document["@search.score"],
        page_number=document.get("page_number") or 0,
    )
