"""Log trouble that lasts once, not at every attempt."""

from __future__ import annotations

import logging

from shared.errors import UserError
from shared.printable import printable


class RepeatedErrorLog:
    """What is wrong at the moment with one thing that is tried again and again."""

    def __init__(self, log: logging.Logger, recovered: str) -> None:
        self._log = log
        self._recovered = recovered
        self.cause: str | None = None

    def report(self, problem: Exception | str) -> None:
        """Log a problem unless it is the one already known. What is not written for people comes with its traceback."""
        bug = problem if isinstance(problem, Exception) and not isinstance(problem, UserError | OSError) else None
        cause = printable(f"{type(bug).__name__}: {bug}" if bug else str(problem))
        if cause != self.cause:
            self._log.error("%s", cause, exc_info=bug)
        self.cause = cause

    def clear(self) -> None:
        """Log, once, that it is over."""
        if self.cause is not None:
            self._log.info("%s", self._recovered)
        self.cause = None
