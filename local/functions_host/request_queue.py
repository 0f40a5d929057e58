"""host.json's two limits on requests: how many run at once, and how many may run or wait.

The real host uses one queue for the whole app (HttpRequestQueue, an ActionBlock): `maxConcurrentRequests` is its
parallelism and `maxOutstandingRequests` its capacity, running requests included.
"""

import asyncio


class RefusedError(Exception):
    """A request that the host won't run; `status` is HTTP's and the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RequestQueue:
    """First come, first served. None means no limit."""

    def __init__(self, max_concurrent: int | None, max_outstanding: int | None) -> None:
        self._slots = asyncio.Semaphore(max_concurrent) if max_concurrent else None
        self._max_outstanding = max_outstanding
        self.outstanding = 0

    def refuse_if_full(self) -> None:
        """Raises RefusedError as `acquire` would, but takes no place."""
        if self._max_outstanding is not None and self.outstanding >= self._max_outstanding:
            raise RefusedError(429, f"{self.outstanding} requests run or wait, all that maxOutstandingRequests allows.")

    async def acquire(self) -> None:
        """Wait for a place to run; give it back with `release`.

        Raises:
            RefusedError: 429, at once, when `max_outstanding` requests run or wait already.
        """
        self.refuse_if_full()
        self.outstanding += 1
        try:
            if self._slots:
                await self._slots.acquire()
        except BaseException:
            self.outstanding -= 1
            raise

    def release(self) -> None:
        """Give the place to the next request in line."""
        self.outstanding -= 1
        if self._slots:
            self._slots.release()
