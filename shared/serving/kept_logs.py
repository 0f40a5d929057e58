"""Log lines written outside an invocation, kept until the next one: the Functions host drops them.

A line belongs to an invocation if it is written on its thread. Those of the thread that follows the store, "serving
model" above all, do not, nor do those of threads that decode pictures.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import override

_MOST = 200
"""Lines: a store in trouble writes one a cause, pictures with something missing one each."""

in_invocation = ContextVar("in_invocation", default=False)  # a new thread begins without


class KeptLogs(logging.Handler):
    """Of a logger, what is written outside invocations. The oldest lines go where there are too many."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._records: deque[logging.LogRecord] = deque(maxlen=_MOST)
        self._dropped = 0
        self._logger = logger
        logger.addHandler(self)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if not in_invocation.get():
            self._dropped += len(self._records) == _MOST
            self._records.append(record)

    @contextmanager
    def invocation(self) -> Generator[None]:
        """What is written during the block belongs to an invocation; what is kept is written before and after, once."""
        token = in_invocation.set(True)
        try:
            self._write()
            yield
        finally:
            self._write()
            in_invocation.reset(token)

    def _write(self) -> None:
        self.acquire()
        try:
            records, self._records = self._records, deque(maxlen=_MOST)
            dropped, self._dropped = self._dropped, 0
        finally:
            self.release()
        # To the root's handlers alone, the host's among them: others of the logger had it when it was written.
        root = logging.getLogger()
        if dropped:
            self._logger.warning("%d lines written outside a request were dropped: more than %d", dropped, _MOST)
        for record in records:
            root.handle(record)
