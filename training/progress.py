"""How the library reports progress, to a terminal, a notebook or nobody, without knowing which."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

type Say = Callable[[str], None]
"""Takes one line about a step that takes a while."""

type Show = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows a task's progress, given its name and its number of steps (or bytes). Yields a counter of steps done."""


@contextmanager
def no_progress(task: str, total: int) -> Generator[Callable[[int], None]]:
    """A Show that shows nothing."""
    yield lambda steps: None
