"""The HTTP side of the host: find the function, hold the limits, translate requests and responses.

Where the real host (runtime 4) surprises, it is followed, so that nothing works here that fails on Azure: a method that
the function does not list gives 404, not 405, and GET does not bring HEAD (azure-functions-host issues 10098, 11625);
a function that fails, can't be loaded or exceeds functionTimeout gives 500 with an empty body; query parameters
without a value are dropped; a request beyond maxOutstandingRequests gets 429 with an empty body and without Retry-After
(its HttpThrottleMiddleware). Two differences: a body over the limit gives 413, as Azure's front ends do, where the bare
host gives 500 (issue 10519); and a function that exceeds functionTimeout keeps its place in the queue until it ends,
since a thread can't be stopped, where Azure restarts the worker and with it every other running request.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from local.functions_host import messages
from local.functions_host.function_json import FunctionDefinition
from local.functions_host.host_json import HostConfig
from local.functions_host.request_queue import RefusedError, RequestQueue
from local.functions_host.routes import decode_path
from local.functions_host.worker import FunctionFailedError, Worker

log = logging.getLogger("host")

SAME_SITE: dict[messages.CookieSameSite, Literal["lax", "strict", "none"]] = {
    messages.CookieSameSite.Lax: "lax",
    messages.CookieSameSite.Strict: "strict",
    messages.CookieSameSite.ExplicitNone: "none",
}
# The server writes these itself.
OWN_HEADERS = {"connection", "content-length", "transfer-encoding"}


@dataclass(frozen=True)
class HostedFunction:
    """A function and whether it can run: one that failed to load still answers, with 500."""

    definition: FunctionDefinition
    loaded: bool


class FunctionsApp:
    """The ASGI application that serves the functions of one app."""

    def __init__(self, functions: Sequence[HostedFunction], config: HostConfig, worker: Worker) -> None:
        self._functions = [function for function in functions if not function.definition.disabled]
        self._config = config
        self._worker = worker
        self._queue = RequestQueue(config.max_concurrent_requests, config.max_outstanding_requests)

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
        if function.loaded:
            response = await self._admit(request, function.definition, params)
        else:
            response = _error("%s did not load at start-up; its traceback is in the log above", name)
        elapsed = (time.perf_counter() - started) * 1000
        path = request.scope["raw_path"].decode("ascii")  # as it was sent: decoded, it could write lines of its own
        log.info("%s: %s %s %d in %.0f ms", name, request.method, path, response.status_code, elapsed)
        return response

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
            _check_length(request, self._config.body_limit)
            await self._queue.acquire()
            run = asyncio.create_task(self._run(request, function, params))
            # Not when the response is sent: past functionTimeout, the function still occupies its place.
            run.add_done_callback(lambda _: self._queue.release())
            value = await asyncio.wait_for(asyncio.shield(run), self._config.function_timeout)
            return _to_response(value)
        except RefusedError as refusal:
            return _refused(refusal)
        except TimeoutError:
            limit = self._config.function_timeout
            return _error("%s exceeded functionTimeout, %g s; it goes on until it ends by itself", function.name, limit)
        except FunctionFailedError as error:
            return _error("%s failed: %s\n%s", function.name, error, error.trace.rstrip())
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except asyncio.CancelledError:
            log.warning("%s: a request was abandoned because the host had to stop", function.name)
            return Response(status_code=503)

    async def _run(
        self, request: Request, function: FunctionDefinition, params: dict[str, str]
    ) -> messages.TypedData | None:
        # The body is read only now, so that requests in the queue cost no memory.
        body = await _read_body(request, self._config.body_limit)
        return await self._worker.invoke(function, _to_rpc(request, params, body), request.headers)


def _refused(refusal: RefusedError) -> Response:
    if refusal.status != HTTPStatus.TOO_MANY_REQUESTS:
        return PlainTextResponse(str(refusal), status_code=refusal.status)
    log.warning("%s", refusal)
    return Response(status_code=refusal.status, headers={"X-FUNCTION-SCALEOUT": "1"})


def _error(message: str, *details: object) -> Response:
    log.error(message, *details)
    return Response(status_code=500)


def _check_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise RefusedError(413, f"Request body too large: the limit is {limit} bytes, this one has {length}.")


async def _read_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RefusedError(413, f"Request body too large: the limit is {limit} bytes.")
    # As the real host does: https://github.com/Azure/azure-functions-host/issues/10640
    return b"" if "chunked" in request.headers.get("transfer-encoding", "").lower() else bytes(body)


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
