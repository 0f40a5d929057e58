"""The host's side of the worker process: start it, talk to it, and start it again when it dies.

As measured of the real host: when the worker dies, everything that runs fails at once, the next request is answered by
a new worker, and the third death within 30 seconds ends the host.
"""

import asyncio
import logging
import os
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from local.functions_host import messages
from local.functions_host.channel import TOKEN_BYTES, Channel, Failed, Invoke, Load, Request, Start
from local.functions_host.function_json import FunctionDefinition
from local.functions_host.worker import FunctionFailedError

log = logging.getLogger("host")

MOST_DEATHS = 3
WITHIN_SECONDS = 30.0

# What an interpreter needs to start; the app's settings are not among it.
_PLACEHOLDER = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "VIRTUAL_ENV")
_PLACEHOLDER_PREFIXES = ("PYTHON", "LC_", "LD_", "COV")
_SETTINGS_PREFIX = "PYTHON_"  # of the worker's own settings, such as PYTHON_THREADPOOL_THREAD_COUNT


class WorkerDiedError(Exception):
    """The worker ended while it was to do something."""


class WorkerNeverStartedError(WorkerDiedError):
    """The worker ended before it said a word. Its own message is on standard error."""


class WorkerProcess:
    """The worker of one app. `fatal` is called when it has died too often."""

    def __init__(self, start: Start, functions: Sequence[FunctionDefinition], fatal: Callable[[], None]) -> None:
        self.running: dict[str, str] = {}
        """Names of the functions that run at this moment, by invocation id."""
        self._start = start
        self._functions = functions
        self._fatal = fatal
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._ready = asyncio.Event()
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self) -> dict[str, str]:
        """Start a process and load every function. Returns the tracebacks of those that can't be loaded, by name."""
        self._channel = channel = await self._connect()
        log.debug("worker process %d starts", self._pid)
        self._spawn(self._receive(channel))
        await self._ask(self._start)
        traces: dict[str, str] = {}
        for function in self._functions:
            trace = cast("str | None", await self._ask(Load(function)))
            if trace:
                traces[function.name] = trace
        self._ready.set()
        log.info("worker process %d serves", self._pid)
        return traces

    async def invoke(
        self, function: FunctionDefinition, http: messages.RpcHttp, trace: messages.RpcTraceContext
    ) -> messages.TypedData | None:
        """Run the function on one request and return what it gave its http output; None if it has none.

        Raises:
            FunctionFailedError: it raised, or returned what its bindings can't take.
            WorkerDiedError: the worker ended meanwhile.
        """
        await self._ready.wait()
        invocation_id = secrets.token_hex(16)
        self.running[invocation_id] = function.name
        try:
            result = await self._ask(Invoke(invocation_id, function, http, trace))
        finally:
            del self.running[invocation_id]
        if isinstance(result, Failed):
            raise FunctionFailedError(result.message, result.trace)
        return cast("messages.TypedData | None", result)

    def kill(self) -> None:
        """End the process at once. A new one takes its place, unless the host stops."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def stop(self) -> None:
        """End the process for good, without waiting for what runs."""
        self._stopping = True
        self.kill()
        if self._process is not None:
            await self._process.wait()

    @property
    def _pid(self) -> int:
        return self._process.pid if self._process else 0

    async def _connect(self) -> Channel:
        arrived: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        token = secrets.token_bytes(TOKEN_BYTES)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError):
                if secrets.compare_digest(await reader.readexactly(TOKEN_BYTES), token) and not arrived.done():
                    arrived.set_result(Channel(reader, writer))
                    return
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        command = [sys.executable, *_interpreter_options(), "-m", "local.functions_host.worker_main"]
        self._process = process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, env=_placeholder(os.environ)
        )
        # The pipe stays open for as long as the host is there.
        cast("asyncio.StreamWriter", process.stdin).write(
            f"{server.sockets[0].getsockname()[1]}\n{token.hex()}\n".encode()
        )
        ended = asyncio.create_task(process.wait())
        await asyncio.wait([arrived, ended], return_when=asyncio.FIRST_COMPLETED)
        server.close()
        if not arrived.done():
            raise WorkerNeverStartedError
        return arrived.result()

    async def _ask(self, request: Request) -> object:
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        channel = self._channel
        if channel is None:
            raise WorkerDiedError
        self._waiting[number] = answer
        try:
            await channel.send((number, request))
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def _receive(self, channel: Channel) -> None:
        while True:
            try:
                number, answer = await channel.receive()
            except EOFError:
                break
            if number in self._waiting:
                self._waiting[number].set_result(answer)
        channel.close()
        self._died()

    def _died(self) -> None:
        self._ready.clear()
        self._channel = None
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(WorkerDiedError())
        if self._stopping:
            return
        now = time.monotonic()
        self._deaths.append(now)
        log.error("the worker process %d ended by itself", self._pid)
        if len(self._deaths) == MOST_DEATHS and now - self._deaths[0] <= WITHIN_SECONDS:
            log.critical("the worker ended %d times within %g s: the host ends, too", MOST_DEATHS, WITHIN_SECONDS)
            self._fatal()
        else:
            self._spawn(self._restart())

    async def _restart(self) -> None:
        try:
            await self.start()
        except WorkerNeverStartedError:
            self._died()
        except WorkerDiedError:
            return  # as the receiver has noticed

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _placeholder(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that a worker starts with, before it is given the app and its settings."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _PLACEHOLDER
        or (name.startswith(_PLACEHOLDER_PREFIXES) and not name.startswith(_SETTINGS_PREFIX))
    } | {"PYTHONPATH": os.pathsep.join(path for path in (environment.get("PYTHONPATH"), str(_tree())) if path)}


def _tree() -> Path:
    return Path(__file__).resolve().parents[2]


def _interpreter_options() -> list[str]:
    return ["-S"] if sys.flags.no_site else []
