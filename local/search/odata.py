"""OData expressions: the part of $filter and $orderby that these definitions' fields need.

https://learn.microsoft.com/azure/search/search-query-odata-filter. Comparisons, and, or, not, parentheses, any() and
all() over collections of texts, search.in().
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.search.errors import ServiceError
from local.search.fields import Field

type Predicate = Callable[[Mapping[str, Any]], bool]
type _Value = Callable[[Mapping[str, Any]], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w.]*)|(?P<mark>[(),:/]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_LITERALS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: text[1:-1].replace("''", "'"),
    "number": lambda text: float(text) if "." in text else int(text),
    "time": datetime.fromisoformat,
}


def parse_filter(expression: str, fields: Mapping[str, Field]) -> Predicate:
    """Raises ServiceError for what can't be read and for fields that are not there or not filterable."""
    parser = _Parser(expression, fields)
    predicate = parser.either()
    parser.expect_end()
    return predicate


def parse_order(expression: str, fields: Mapping[str, Field]) -> tuple[str, bool]:
    """The field, or search.score(), and whether it descends. Raises ServiceError."""
    match = re.fullmatch(r"\s*(search\.score\(\)|\w+)(?:\s+(asc|desc))?\s*", expression)
    if match is None:
        raise ServiceError(f"Invalid $orderby expression {expression!r}.")
    if match[1] != "search.score()" and not (match[1] in fields and fields[match[1]].sortable):
        raise ServiceError(f"Invalid $orderby: {match[1]!r} is not a sortable field.")
    return match[1], match[2] == "desc"


class _Parser:
    def __init__(self, expression: str, fields: Mapping[str, Field]) -> None:
        self._expression = expression
        self._fields = fields
        self._tokens: list[tuple[str, str]] = []
        self._variables: dict[str, str] = {}
        self._at = 0
        position = 0
        while expression[position:].strip():
            match = _TOKEN.match(expression, position)
            if match is None or match.lastgroup is None:
                raise self._refusal(f"unexpected {expression[position:].strip()[:20]!r}")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def either(self) -> Predicate:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._refusal(f"unexpected {self._tokens[self._at][1]!r}")

    def _both(self) -> Predicate:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return lambda row: all(part(row) for part in parts)

    def _negation(self) -> Predicate:
        if self._take("not"):
            inner = self._negation()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        if self._take("search.in"):
            return self._search_in()
        return self._comparison()

    def _comparison(self) -> Predicate:
        left, field = self._operand()
        if field and self._take("/"):
            return self._over_items(field)
        if field and self._fields[field].type == "Edm.Boolean" and not self._compares():
            return lambda row: bool(left(row))
        name = self._next()[1]
        if name not in _COMPARISONS:
            raise self._refusal(f"expected a comparison, not {name!r}")
        if field and self._fields[field].item:
            raise self._refusal(f"the collection {field!r} can only be asked with any() or all()")
        compare, (right, _) = _COMPARISONS[name], self._operand()
        return lambda row: _compared(compare, left(row), right(row))

    def _over_items(self, field: str) -> Predicate:
        quantifier = self._next()[1]
        if quantifier not in {"any", "all"}:
            raise self._refusal(f"expected any or all, not {quantifier!r}")
        self._expect("(")
        if quantifier == "any" and self._take(")"):
            return lambda row: bool(row.get(field))
        variable = self._next()[1]
        self._expect(":")
        self._variables[variable] = field
        inner = self.either()
        del self._variables[variable]
        self._expect(")")
        over = any if quantifier == "any" else all
        return lambda row: over(inner({**row, variable: item}) for item in row.get(field) or [])

    def _search_in(self) -> Predicate:
        self._expect("(")
        value, _ = self._operand()
        self._expect(",")
        listed = self._text()
        separators = self._text() if self._take(",") else ", "
        self._expect(")")
        wanted = {part for part in re.split(f"[{re.escape(separators)}]", listed) if part}
        return lambda row: value(row) in wanted

    def _operand(self) -> tuple[_Value, str | None]:
        """A literal, a range variable or a field, and which field."""
        kind, text = self._next()
        if kind in _LITERALS or text in _CONSTANTS:
            literal = _CONSTANTS[text] if text in _CONSTANTS else _LITERALS[kind](text)
            return lambda _: literal, None
        if text in self._variables:
            return lambda row: row.get(text), None
        if kind != "name" or text not in self._fields:
            raise self._refusal(f"could not find a property named {text!r}")
        if not self._fields[text].filterable:
            raise self._refusal(f"the field {text!r} is not filterable")
        if self._fields[text].type == "Edm.DateTimeOffset":
            return lambda row: datetime.fromisoformat(row[text]) if row.get(text) else None, text
        return lambda row: row.get(text), text

    def _text(self) -> str:
        kind, text = self._next()
        if kind != "text":
            raise self._refusal(f"expected a text, not {text!r}")
        return _LITERALS[kind](text)

    def _compares(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1] in _COMPARISONS

    def _take(self, text: str) -> bool:
        taken = self._at < len(self._tokens) and self._tokens[self._at] in {("name", text), ("mark", text)}
        self._at += taken
        return taken

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._refusal(f"expected {text!r}")

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise self._refusal("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _refusal(self, reason: str) -> ServiceError:
        return ServiceError(f"Invalid expression: {reason} in {self._expression!r}.")


def _compared(compare: Callable[[Any, Any], bool], left: object, right: object) -> bool:
    if left is None or right is None:
        return compare in {operator.eq, operator.ne} and compare(left, right)
    try:
        return compare(left, right)
    except TypeError:
        raise ServiceError(
            f"A binary operator with incompatible types was detected: {left!r:.40} and {right!r:.40}."
        ) from None
