"""The enriched document: a tree of what was cracked and what skills added, read by paths with `*` for every item.

https://learn.microsoft.com/azure/search/cognitive-search-skill-annotation-language. Paths only: this stand-in knows
neither `#` nor expressions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """What a path leads to where there is nothing, in the service's words."""

    message: str


@dataclass(slots=True)
class Enriched:
    """One document. Enrichments lie over the cracked values without entering them: a skill gets what was cracked."""

    source: dict[str, Any]
    _added: dict[Path, Any] = field(default_factory=dict[Path, Any])

    def add(self, path: Path, value: object) -> None:
        self._added[path] = value

    def places(self, pattern: str) -> list[Path]:
        """The concrete paths that a pattern stands for; none where it enumerates something that is not there."""
        paths: list[Path] = [()]
        for token in _tokens(pattern):
            paths = [longer for path in paths for longer in self._step(path, token)]
        return paths

    def value(self, source: str, context: str = "/document", at: Path = ("document",)) -> Any:  # noqa: ANN401 - any JSON
        """The value of a path for one instance (`at`) of a context: a list where it enumerates beyond the context.

        A Missing where it leads nowhere.
        """
        inside = source == context or source.startswith(f"{context}/")
        rest = source.removeprefix(context) if inside else source
        start = at if inside else ()
        tokens = _tokens(rest)
        if "*" not in tokens:
            return self._get((*start, *tokens))
        paths = [start]
        for token in tokens:
            paths = [longer for path in paths for longer in self._step(path, token)]
        values = [self._get(path) for path in paths]
        return [value for value in values if not isinstance(value, Missing)]

    def _step(self, path: Path, token: str) -> list[Path]:
        if token != "*":  # noqa: S105 - a token of a path
            return [(*path, token)]
        items = self._get(path)
        return [(*path, position) for position in range(len(items))] if isinstance(items, list) else []

    def _get(self, path: Path) -> Any:  # noqa: ANN401 - any JSON
        if path in self._added:
            return self._added[path]
        if path == ("document",):
            return self.source
        if not path:
            return {"document": self.source}
        parent, last = self._get(path[:-1]), path[-1]
        if isinstance(parent, dict) and last in parent:
            return parent[last]
        if isinstance(parent, list) and str(last).isdecimal() and int(last) < len(parent):
            return parent[int(last)]
        return Missing(f"Missing value '/{'/'.join(map(str, path))}'.")


def _tokens(pattern: str) -> list[str]:
    return [token for token in pattern.split("/") if token]
