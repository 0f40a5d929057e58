"""HTTP/1.1 as uvicorn speaks it, with a time limit for headers: whoever sends none holds a connection no longer."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 30.0
"""Kestrel's RequestHeadersTimeout."""


class ImpatientProtocol(H11Protocol):
    """Closes connections whose request line and headers take longer."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - uvicorn's own signature
        super().connection_made(transport)
        self._patience = self.loop.call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waiting = self.conn.their_state is h11.IDLE
        if not waiting and self._patience:
            self._patience.cancel()
            self._patience = None
        elif waiting and not self._patience:
            self._patience = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._patience:
            self._patience.cancel()
