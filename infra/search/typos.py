"""Forgiving typos: where words find nothing, words like them are looked for.

Azure AI Search compares a fuzzy term as it was typed, in lower case, with the terms of the index, which are stems
("librari"): https://learn.microsoft.com/azure/search/search-query-fuzzy. So the plain term, which is stemmed, is looked
for beside the fuzzy one, and one edit may be spent on an ending alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from azure.search.documents import SearchClient

from infra.search.queries import Answer, Hit, Mode, Question, ask

# Letters, digits and apostrophes: nothing that the full Lucene syntax reads as its own, where AND, OR and NOT are words
# in lower case.
_TERM = re.compile(r"\w+(?:['\u2019]\w+)*")
# What means something in the simple syntax; whoever types that means what they type.
_OPERATORS = re.compile(r'["()|*+]|(?:^|\s)-')
# Shortest terms that one and two edits leave recognizable, as Elasticsearch's AUTO has it, but for three letters.
_ONE_EDIT, _TWO_EDITS = 4, 6
# Lucene's English stop words of four letters and more: no field holds them, but fuzzy terms are never dropped.
_STOP_WORDS = frozenset(["into", "such", "that", "their", "then", "there", "these", "they", "this", "will", "with"])


@dataclass(frozen=True, slots=True)
class Forgiven:
    """An answer, and whether typos were forgiven for it."""

    answer: Answer
    forgiven: bool
    words: str = ""
    """What was found instead of the words that were typed; empty where the labels don't tell."""


def ask_forgiving(documents: SearchClient, fields: Sequence[Any], question: Question) -> Forgiven:
    """Ask for the words and, where nothing is found, for words of one edit's difference, then two.

    Raises infra.search.queries.QueryError.
    """
    answer = ask(documents, fields, question)
    if answer.count == 0 and question.like is None:
        for query in fuzzy_queries(question.words, question.mode):
            alike = ask(documents, fields, replace(question, words=query, syntax="full"))
            if alike.count:
                return Forgiven(alike, forgiven=True, words=_found(question.words, question.mode, alike.hits))
    return Forgiven(answer, forgiven=False)


def fuzzy_queries(words: str, mode: Mode) -> Iterator[str]:
    """Queries in the full Lucene syntax for words like these, the narrowest first; none if no typo can be forgiven."""
    terms = [term.lower() for term in _TERM.findall(words)]
    longest = max((len(term) for term in terms if term not in _STOP_WORDS), default=0)
    if _OPERATORS.search(words):
        return
    for edits, shortest in ((1, _ONE_EDIT), (2, _TWO_EDITS)):
        if longest >= shortest:
            yield (" AND " if mode == "all" else " OR ").join(_alike(term, edits) for term in terms)


def _alike(term: str, most: int) -> str:
    if len(term) < _ONE_EDIT or term in _STOP_WORDS:
        return term
    return f"({term} OR {term}~{most if len(term) >= _TWO_EDITS else 1})"


def _found(words: str, mode: Mode, hits: Iterable[Hit]) -> str:
    """The typed words as the hits' labels spell them."""
    known = sorted({word.lower() for hit in hits for label in hit.label for word in _TERM.findall(label)})
    typed = [term.lower() for term in _TERM.findall(words)]
    spelled: list[str] = []
    for term in typed:
        close = get_close_matches(term, known, n=1)
        spelled += close or ([term] if mode == "all" else [])
    return "" if spelled == typed else " ".join(spelled)
