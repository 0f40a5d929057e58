"""The HTTP side of the host: find the function, hold the limits, translate requests and responses.

Where the real host (runtime 4) surprises, it is followed, so that nothing works here that fails on Azure: a method that
the function does not list gives 404, not 405, and GET does not bring HEAD (azure-functions-host issues 10098, 11625);
a function that fails, can't be loaded or exceeds functionTimeout gives 500 with an empty body, and so does a body over
the limit; query parameters without a value are dropped; a body in chunks arrives empty (issue 10640); a request beyond
maxOutstandingRequests gets 429 with an empty body and without Retry-After (its HttpThrottleMiddleware); exceeding
functionTimeout, or dying, ends the worker, and with it every other running request. What differs: a request takes its
place only when its body is there, and bodies together are bounded by the memory there is, so that slow senders keep
nobody out and large ones are refused with 429.
"""

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from local.functions_host import messages
from local.functions_host.function_json import FunctionDefinition
from local.functions_host.host_json import MEMORY_A_BODY, HostConfig
from local.functions_host.request_queue import RefusedError, RequestQueue
from local.functions_host.routes import decode_path
from local.functions_host.worker import FunctionFailedError
from local.functions_host.worker_process import WorkerDiedError, WorkerProcess
from shared.memory import memory_limit

log = logging.getLogger("host")

SAME_SITE: dict[messages.CookieSameSite, Literal["lax", "strict", "none"]] = {
    messages.CookieSameSite.Lax: "lax",
    messages.CookieSameSite.Strict: "strict",
    messages.CookieSameSite.ExplicitNone: "none",
}
# The server writes these itself.
OWN_HEADERS = {"connection", "content-length", "transfer-encoding"}

# Kestrel's own: https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits
MINIMUM_RATE = 240
"""Bytes a second that a body must arrive with, on average, once GRACE_SECONDS are over."""
GRACE_SECONDS = 5.0

KEY_HEADER = "x-functions-key"
KEY_PARAMETER = "code"
HELD_BY_THE_REAL_HOST = 13.4
"""Bytes that the real host holds for each byte of a body that runs, as measured."""


@dataclass(frozen=True)
class HostedFunction:
    """A function and whether it can run: one that failed to load still answers, with 500."""

    definition: FunctionDefinition
    loaded: bool


class FunctionsApp:
    """The ASGI application that serves the functions of one app."""

    def __init__(
        self,
        functions: Sequence[HostedFunction],
        config: HostConfig,
        worker: WorkerProcess,
        *,
        keys: Sequence[str] | None = None,
        hold_bodies: bool = False,
    ) -> None:
        """`keys` are those that functions with an authLevel ask for; None lets everyone in.

        With `hold_bodies`, memory is held as the real host does, for memory tests that mean something.
        """
        self.abandoned: list[str] = []
        """Names of the functions that were not waited for when the host stopped."""
        self._functions = [function for function in functions if not function.definition.disabled]
        self._config = config
        self._worker = worker
        self._keys = None if keys is None else [key.encode() for key in keys]
        self._hold_bodies = hold_bodies
        self._queue = RequestQueue(config.max_concurrent_requests, config.max_outstanding_requests)
        self._bytes = 0
        self._most_bytes = max(memory_limit() // MEMORY_A_BODY, config.body_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        response = await self._respond(request)
        for name, value in self._config.custom_headers.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return Response(status_code=404)
        function, params = found
        name, started = function.definition.name, time.perf_counter()
        if not self._may_call(request, function.definition):
            response = Response(status_code=401)
        elif function.loaded:
            response = await self._admit(request, function.definition, params)
        else:
            response = _error("%s did not load at start-up; its traceback is in the log above", name)
        elapsed = (time.perf_counter() - started) * 1000
        path = request.scope["raw_path"].decode("ascii")  # as it was sent: decoded, it could write lines of its own
        log.info("%s: %s %s %d in %.0f ms", name, request.method, path, response.status_code, elapsed)
        return response

    def _may_call(self, request: Request, function: FunctionDefinition) -> bool:
        """By the headers alone: whoever has no key sends no body."""
        if self._keys is None or function.auth_level == "anonymous":
            return True
        given = request.headers.get(KEY_HEADER) or request.query_params.get(KEY_PARAMETER, "")
        return any(hmac.compare_digest(given.encode(errors="surrogateescape"), key) for key in self._keys)

    def _find(self, request: Request) -> tuple[HostedFunction, dict[str, str]] | None:
        path = decode_path(request.scope["raw_path"].decode("ascii"))
        for function in self._functions:
            methods = function.definition.methods
            params = function.definition.route.match(path)
            if params is not None and (methods is None or request.method in methods):
                return function, params
        return None

    async def _admit(self, request: Request, function: FunctionDefinition, params: dict[str, str]) -> Response:
        try:
            self._queue.refuse_if_full()
            with self._room(request):
                body = await _read_body(request, self._config.body_limit)
                await self._queue.acquire()
                try:
                    value = await self._run(request, function, params, body)
                finally:
                    self._queue.release()
            return _to_response(value)
        except RefusedError as refusal:
            return _refused(refusal)
        except TimeoutError:
            # As on Azure: a thread can't be stopped, so its process is, and every other running request fails with it.
            self._worker.kill()
            return _error("%s exceeded functionTimeout, %g s", function.name, self._config.function_timeout)
        except WorkerDiedError:
            return _error("%s failed: its worker process ended", function.name)
        except FunctionFailedError as error:
            return _error("%s failed: %s\n%s", function.name, error, error.trace.rstrip())
        except asyncio.CancelledError:
            log.warning("%s: a request was abandoned because the host had to stop", function.name)
            self.abandoned.append(function.name)
            return Response(status_code=503)

    @contextmanager
    def _room(self, request: Request) -> Generator[None]:
        """Hold room for a body. A single one always fits. Raises RefusedError 429, 500 for one over the limit."""
        length = _length(request)
        if length > self._config.body_limit:
            raise RefusedError(500, f"a body of {length} bytes is over the limit of {self._config.body_limit}")
        if self._bytes and self._bytes + length > self._most_bytes:
            raise RefusedError(429, f"there is no room for {length} bytes beside {self._bytes}")
        self._bytes += length
        try:
            yield
        finally:
            self._bytes -= length

    async def _run(
        self, request: Request, function: FunctionDefinition, params: dict[str, str], body: bytes
    ) -> messages.TypedData | None:
        held = b"\1" * round(len(body) * HELD_BY_THE_REAL_HOST) if self._hold_bodies else b""
        async with asyncio.timeout(self._config.function_timeout):
            value = await self._worker.invoke(function, _to_rpc(request, params, body), _trace(request))
        del held
        return value


def _refused(refusal: RefusedError) -> Response:
    log.warning("%s", refusal)
    busy = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
    return Response(status_code=refusal.status, headers={"X-FUNCTION-SCALEOUT": "1"} if busy else None)


def _error(message: str, *details: object) -> Response:
    log.error(message, *details)
    return Response(status_code=500)


def _length(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _read_body(request: Request, limit: int) -> bytes:
    """Raises RefusedError for a body that is too long or too slow."""
    chunked = "chunked" in request.headers.get("transfer-encoding", "").lower()
    started, size, parts = time.monotonic(), 0, list[bytes]()
    stream = aiter(request.stream())
    while True:
        allowed = started + GRACE_SECONDS + size / MINIMUM_RATE - time.monotonic()
        try:
            part = await asyncio.wait_for(anext(stream), max(allowed, 0))
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise RefusedError(408, f"a body arrived at less than {MINIMUM_RATE} bytes a second") from None
        except ClientDisconnect:
            raise RefusedError(400, "the client left while it sent a body") from None
        size += len(part)
        if size > limit:
            raise RefusedError(500, f"a body is over the limit of {limit} bytes")
        if not chunked:  # https://github.com/Azure/azure-functions-host/issues/10640
            parts.append(part)
    return b"".join(parts)


def _trace(request: Request) -> messages.RpcTraceContext:
    """The caller's trace with a span of the host's own; https://www.w3.org/TR/trace-context/."""
    version, trace, _, flags = (request.headers.get("traceparent", "").split("-") + [""] * 4)[:4]
    if len(trace) != 32:
        version, trace, flags = "00", secrets.token_hex(16), "00"
    parent = f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"
    return messages.RpcTraceContext(parent, request.headers.get("tracestate", ""))


def _to_rpc(request: Request, params: dict[str, str], body: bytes) -> messages.RpcHttp:
    """Build the message as the real host does for a worker with the capability RawHttpBodyBytes."""
    # Repeated headers and parameters are joined with commas there.
    headers = {name: ",".join(request.headers.getlist(name)) for name in request.headers}
    query = {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}
    raw_path, raw_query = request.scope["raw_path"].decode("ascii"), request.scope["query_string"].decode("latin-1")
    return messages.RpcHttp(
        method=request.method,
        url=f"{request.url.scheme}://{request.url.netloc}{raw_path}{'?' if raw_query else ''}{raw_query}",
        headers=headers,
        body=messages.TypedData(bytes=body) if body else messages.TypedData(),
        params=params,
        query={name: value for name, value in query.items() if value},
    )


def _to_response(value: messages.TypedData | None) -> Response:
    if value is None:
        return Response(status_code=204)
    http = value.http
    if http is None:
        return PlainTextResponse(value.string or "")
    status = int(http.status_code)
    body = http.body.bytes if http.body else None
    response = Response(
        content=None if status in {204, 304} else body,
        status_code=status,
        headers={name: text for name, text in http.headers.items() if name.lower() not in OWN_HEADERS},
    )
    for cookie in http.cookies or []:
        _set_cookie(response, cookie)
    return response


def _set_cookie(response: Response, cookie: messages.RpcHttpCookie) -> None:
    expires = cookie.expires and datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
    response.set_cookie(
        cookie.name,
        cookie.value,
        max_age=int(cookie.max_age.value) if cookie.max_age else None,
        expires=expires,
        path=cookie.path.value if cookie.path else "/",
        domain=cookie.domain.value if cookie.domain else None,
        secure=bool(cookie.secure and cookie.secure.value),
        httponly=bool(cookie.http_only and cookie.http_only.value),
        samesite=SAME_SITE.get(cookie.same_site),
    )
