"""The simple query syntax: https://learn.microsoft.com/azure/search/query-simple-syntax.

`+` and, `|` or, `-` not, `*` at the end of a word, quotation marks and parentheses. Terms with nothing between them are
joined by searchMode, and so is a `-`: "AND NOT" with all, "OR NOT" with any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from local.search.texts import Scores

type Mode = Literal["all", "any"]
type Find = Callable[[str, bool], Scores | None]
"""Looks for a term or phrase; the flag says that it is the beginning of a word. None: it says nothing (a stop word)."""

_OPERATORS = frozenset('+|-()"')


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["term", "prefix", "+", "|", "-", "(", ")"]
    text: str = ""


class SimpleQuery:
    """A parsed query. Like the service's parser it never refuses: what makes no sense is passed over."""

    def __init__(self, text: str, mode: Mode) -> None:
        self._tokens = _tokenize(text)
        self._mode = mode
        self._at = 0

    def evaluate(self, find: Find, everything: Iterable[int]) -> Scores:
        """Documents that match, with their scores; everything for `*` and for a query that says nothing."""
        self._at = 0
        universe = set(everything)
        if not self._tokens or self._tokens == [_Token("prefix")]:
            return dict.fromkeys(universe, 1.0)
        found = self._clauses(find, universe)
        while self._at < len(self._tokens):  # after a parenthesis that nothing opened
            self._at += 1
            found = self._join(found, self._clauses(find, universe), None)
        return found if found is not None else dict.fromkeys(universe, 1.0)

    def _clauses(self, find: Find, universe: set[int]) -> Scores | None:
        """Clauses up to the end or a closing parenthesis, joined from left to right, as Lucene's simple parser does."""
        result: Scores | None = None
        operator: str | None = None
        while self._at < len(self._tokens) and self._tokens[self._at].kind != ")":
            token = self._tokens[self._at]
            self._at += 1
            if token.kind in {"+", "|"}:
                operator = token.kind
                continue
            result = self._join(result, self._clause(token, find, universe), operator)
            operator = None
        return result

    def _clause(self, token: _Token, find: Find, universe: set[int]) -> Scores | None:
        if token.kind == "-":
            if self._at == len(self._tokens) or self._tokens[self._at].kind in {")", "+", "|"}:
                return None
            following = self._tokens[self._at]
            self._at += 1
            negated = self._clause(following, find, universe)
            return None if negated is None else dict.fromkeys(universe - negated.keys(), 1.0)
        if token.kind == "(":
            inner = self._clauses(find, universe)
            self._at += 1  # the closing parenthesis, or the end
            return inner
        return find(token.text, token.kind == "prefix")

    def _join(self, left: Scores | None, right: Scores | None, operator: str | None) -> Scores | None:
        if left is None or right is None:
            return right if left is None else left
        both = operator == "+" or (operator is None and self._mode == "all")
        rows = left.keys() & right.keys() if both else left.keys() | right.keys()
        return {row: left.get(row, 0.0) + right.get(row, 0.0) for row in rows}


def _tokenize(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character.isspace():
            at += 1
        elif character == '"':
            end = text.find('"', at + 1)
            end = len(text) if end < 0 else end
            tokens.append(_Token("term", text[at + 1 : end]))
            at = end + 1
        elif character in _OPERATORS:
            tokens.append(_Token(character))  # pyright: ignore[reportArgumentType] - one of the kinds, just looked up
            at += 1
        else:
            word, at = _word(text, at)
            prefix = word.endswith("*") and not word.endswith("\\*")
            plain = word.removesuffix("*") if prefix else word
            tokens.append(_Token("prefix" if prefix else "term", plain.replace("\\", "")))
    return tokens


def _word(text: str, start: int) -> tuple[str, int]:
    """A word from here to the next space or operator; `-` ends none, and a backslash takes an operator's meaning."""
    at = start
    while at < len(text) and not text[at].isspace() and (text[at] not in _OPERATORS or text[at] == "-"):
        at += 2 if text[at] == "\\" else 1
    return text[start:at], min(at, len(text))
