"""The part of the full Lucene query syntax that this project uses: https://learn.microsoft.com/azure/search/query-lucene-syntax.

Terms, fuzzy terms (`book~1`), AND, OR, parentheses, and a backslash before a special character. The rest is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from local.search.errors import ServiceError
from local.search.simple_query import Mode
from local.search.texts import Scores

type Find = Callable[[str, int | None], Scores | None]
"""Looks for a term, or for those within so many edits. None: it says nothing (a stop word)."""

_MOST_EDITS = 2  # also what a bare ~ means
_TOKEN = re.compile(r'\s*(?:([()])|((?:\\.|[^\s()\\~+\-!{}\[\]^"*?:/&|])+)(~\d*)?)')


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    edits: int | None


class FullQuery:
    """A parsed query. Raises ServiceError for what this stand-in does not know."""

    def __init__(self, text: str, mode: Mode) -> None:
        self._tokens = _tokenize(text)
        self._mode = mode
        self._at = 0

    def evaluate(self, find: Find, everything: Iterable[int]) -> Scores:
        """Documents that match, with their scores; everything for `*` and for a query that says nothing."""
        self._at = 0
        found = self._group(find) if self._tokens else None
        if self._at < len(self._tokens):
            raise ServiceError("Failed to parse the query: a parenthesis was closed that nothing opened.")
        return dict.fromkeys(everything, 1.0) if found is None else found

    def _group(self, find: Find) -> Scores | None:
        """Clauses up to the end or a closing parenthesis."""
        clauses: list[Scores | None] = []
        operators: set[str] = set()
        while self._at < len(self._tokens) and self._tokens[self._at] != ")":
            if clauses:
                operators.add(self._operator())
            clauses.append(self._clause(find))
        if len(operators) > 1:
            raise ServiceError("This stand-in knows AND beside OR in the full syntax only where parentheses part them.")
        said = [clause for clause in clauses if clause is not None]
        if not said:
            return None
        rows = set(said[0])
        for clause in said[1:]:
            rows = rows & clause.keys() if "AND" in operators else rows | clause.keys()
        return {row: sum(clause.get(row, 0.0) for clause in said) for row in rows}

    def _operator(self) -> str:
        token = self._tokens[self._at]
        if token in ("AND", "OR"):
            self._at += 1
            return str(token)
        return "AND" if self._mode == "all" else "OR"

    def _clause(self, find: Find) -> Scores | None:
        here = self._tokens[self._at] if self._at < len(self._tokens) else None
        self._at += 1
        if isinstance(here, _Term):
            return find(here.text, here.edits)
        if here != "(":
            raise ServiceError(f"Failed to parse the query: a term is missing before {here or 'its end'}.")
        inner = self._group(find)
        if self._at == len(self._tokens):
            raise ServiceError("Failed to parse the query: a parenthesis is not closed.")
        self._at += 1
        return inner


def _tokenize(text: str) -> list[_Term | str]:
    """Terms, and parentheses and operators as they are."""
    text = text.strip()
    if text == "*":
        return []
    tokens: list[_Term | str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ServiceError(
                f"This stand-in knows terms, ~, AND, OR and parentheses of the full syntax, not {text[at:]!r}."
            )
        at = match.end()
        parenthesis, term, fuzzy = match.groups()
        if parenthesis or (term in ("AND", "OR") and not fuzzy):
            tokens.append(parenthesis or term)
        elif term == "NOT":
            raise ServiceError("This stand-in does not know NOT.")
        else:
            edits = min(int(fuzzy[1:] or _MOST_EDITS), _MOST_EDITS) if fuzzy else None
            tokens.append(_Term(re.sub(r"\\(.)", r"\1", term), edits))
    return tokens
