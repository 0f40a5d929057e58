"""What host and worker process say to each other: objects, one after another, over a socket on this machine.

On Azure this is gRPC. The worker connects to the host and first shows the token that it was started with.
"""

import asyncio
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.functions_host import messages
from local.functions_host.function_json import FunctionDefinition

_LENGTH_BYTES = 8
TOKEN_BYTES = 32


@dataclass(frozen=True)
class Start:
    """Become the worker of this app."""

    folder: Path
    environment: dict[str, str]
    authority: str
    log_level: int
    only_invocations: bool
    """Drop what is logged outside invocations, as on Azure."""


@dataclass(frozen=True)
class Load:
    function: FunctionDefinition


@dataclass(frozen=True)
class Invoke:
    invocation_id: str
    function: FunctionDefinition
    http: messages.RpcHttp
    trace: messages.RpcTraceContext


@dataclass(frozen=True)
class Failed:
    """Of an Invoke: the function raised."""

    message: str
    trace: str


type Request = Start | Load | Invoke


class Channel:
    """One end. Both are this project's own processes, so what arrives is unpickled."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> Any:  # noqa: ANN401 - each end knows what the other sends
        """The next object. Raises EOFError when the other end is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES))
            return pickle.loads(await self._reader.readexactly(length))  # noqa: S301 - from our own process
        except (asyncio.IncompleteReadError, ConnectionError):
            raise EOFError from None

    async def send(self, message: object) -> None:
        """Returns when the other end has taken most of it; a lost one is for the receiver to notice."""
        data = pickle.dumps(message, protocol=5)
        self._writer.write(len(data).to_bytes(_LENGTH_BYTES))
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    def close(self) -> None:
        self._writer.close()
