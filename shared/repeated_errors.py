"""Log an error once for as long as it lasts, not at every attempt."""

from __future__ import annotations

import logging

from shared.errors import UserError
from shared.printable import printable


class RepeatedErrorLog:
    """The current error of one thing that is tried again and again."""

    def __init__(self, log: logging.Logger, recovered: str) -> None:
        self._log = log
        self._recovered = recovered
        self.cause: str | None = None

    def report(self, error: Exception | str) -> None:
        """Log an error unless it was the last one reported. An unexpected one is logged with its traceback."""
        bug = error if isinstance(error, Exception) and not isinstance(error, UserError | OSError) else None
        cause = printable(f"{type(bug).__name__}: {bug}" if bug else str(error))
        if cause != self.cause:
            self._log.error("%s", cause, exc_info=bug)
        self.cause = cause

    def clear(self) -> None:
        """Log, once, that the error is gone."""
        if self.cause is not None:
            self._log.info("%s", self._recovered)
        self.cause = None
