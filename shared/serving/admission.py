"""How many bytes of requests are worked on at once: what bounds a worker's memory when many large ones come together.

How many requests run and how many wait is host.json's business: the host reads a request's body only when it may run.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager


class BusyError(RuntimeError):
    """Others took all the time that this request had. Sent again later, it may be answered."""


class Admission:
    """Lets requests in while their bodies together stay within `max_bytes`; a single one always fits."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._running = 0
        self._waiting = 0
        self._changed = threading.Condition()

    @property
    def running(self) -> int:
        """Requests that are worked on at the moment."""
        return self._running

    @property
    def waiting(self) -> int:
        """Requests that wait for room."""
        return self._waiting

    @contextmanager
    def admit(self, size: int, timeout: float) -> Generator[None]:
        """Hold a place for a body of `size` bytes during the block.

        Raises BusyError when there was no room for it for `timeout` seconds.
        """
        with self._changed:
            self._waiting += 1
            try:
                fits = self._changed.wait_for(lambda: self._fits(size), max(timeout, 0))
            finally:
                self._waiting -= 1
            if not fits:
                raise BusyError(
                    f"{self._bytes:,} bytes of other requests are being worked on, and this one of {size:,} bytes "
                    f"found no room among {self._max_bytes:,}: send it again later, lower the skill's batchSize, or "
                    "raise MAX_BYTES_IN_FLIGHT where there is memory"
                )
            self._bytes += size
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._bytes -= size
                self._running -= 1
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return self._bytes == 0 or self._bytes + size <= self._max_bytes
