"""The REST API's paths, as azure-search-documents 12 calls them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.search.catalog import KINDS
from local.search.errors import ServiceError, not_found
from local.search.identities import Identities
from local.search.searching import lookup, search
from local.search.service import Service

API_VERSION = "2026-04-01"

type Handler = Callable[[Service, Request, Any], Response]


def create_app(service: Service, key: str | None = None, identities: Identities | None = None) -> Starlette:
    """The ASGI application.

    With a key, callers must send it as `api-key`; with identities, a token of one who has the role. With both, either.
    """

    def route(path: str, handler: Handler, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(_answer, service, key, identities, handler, request, body)

        return Route(path, endpoint, methods=methods)

    definitions = [
        route(f"/{collection}{path}", _about(collection, action), method)
        for collection in KINDS
        for path, action, method in (
            ("", _list, "GET"),
            ("('{name}')", _get, "GET"),
            ("('{name}')", _put, "PUT"),
            ("('{name}')", _delete, "DELETE"),
        )
    ]
    return Starlette(
        routes=[
            *definitions,
            route("/indexers('{name}')/search.run", _run, "POST"),
            route("/indexers('{name}')/search.reset", _reset, "POST"),
            route("/indexers('{name}')/search.status", _status, "GET"),
            route("/indexes('{name}')/docs/search.post.search", _search, "POST"),
            route("/indexes('{name}')/docs/search.index", _index, "POST"),
            route("/indexes('{name}')/docs/$count", _count, "GET"),
            route("/indexes('{name}')/docs('{document}')", _lookup, "GET"),
        ]
    )


def _about(collection: str, action: Callable[[Service, str, Request, Any], Response]) -> Handler:
    return lambda service, request, body: action(service, collection, request, body)


def _answer(
    service: Service, key: str | None, identities: Identities | None, handler: Handler, request: Request, body: bytes
) -> Response:
    try:
        _admit(request, key, identities)
        return handler(service, request, _json(body) if body else None)
    except ServiceError as error:
        return JSONResponse(error.to_json(), error.status)


def _admit(request: Request, key: str | None, identities: Identities | None) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if identities and (kind == "Bearer" or key is None):
        identities.admit(token, request.url.path)
    elif key is not None and not hmac.compare_digest(request.headers.get("api-key", "").encode(), key.encode()):
        raise ServiceError("The api-key is missing or wrong.", HTTPStatus.FORBIDDEN)
    version = request.query_params.get("api-version")
    if version != API_VERSION:
        raise ServiceError(f"This stand-in speaks the API version {API_VERSION}, not {version!r}.")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise ServiceError(f"The request is not JSON: {error}") from error


def _object(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ServiceError("The request must be a JSON object.")
    return body


def _list(service: Service, collection: str, _request: Request, _body: object) -> Response:
    shown = [service.catalog.shown(collection, name) for name in service.catalog.names(collection)]
    return JSONResponse({"value": shown})


def _get(service: Service, collection: str, request: Request, _body: object) -> Response:
    return JSONResponse(service.catalog.shown(collection, request.path_params["name"]))


def _put(service: Service, collection: str, request: Request, body: object) -> Response:
    name = request.path_params["name"]
    new = service.put(collection, name, _object(body))
    return JSONResponse(service.catalog.shown(collection, name), HTTPStatus.CREATED if new else HTTPStatus.OK)


def _delete(service: Service, collection: str, request: Request, _body: object) -> Response:
    found = service.catalog.delete(collection, request.path_params["name"])
    return Response(status_code=HTTPStatus.NO_CONTENT if found else HTTPStatus.NOT_FOUND)


def _run(service: Service, request: Request, _body: object) -> Response:
    service.run(request.path_params["name"])
    return Response(status_code=HTTPStatus.ACCEPTED)


def _reset(service: Service, request: Request, _body: object) -> Response:
    service.reset(request.path_params["name"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _status(service: Service, request: Request, _body: object) -> Response:
    return JSONResponse(service.status(request.path_params["name"]))


def _search(service: Service, request: Request, body: object) -> Response:
    return JSONResponse(search(service.catalog.index(request.path_params["name"]), _object(body)))


def _index(service: Service, request: Request, body: object) -> Response:
    actions = _object(body).get("value")
    if not isinstance(actions, list) or not all(isinstance(action, dict) for action in actions):
        raise ServiceError("The request must have a list of actions in 'value'.")
    outcomes = service.catalog.index(request.path_params["name"]).apply(actions)
    status = HTTPStatus.OK if all(outcome.succeeded for outcome in outcomes) else HTTPStatus.MULTI_STATUS
    return JSONResponse({"value": [outcome.to_json() for outcome in outcomes]}, status)


def _count(service: Service, request: Request, _body: object) -> Response:
    return Response(str(service.catalog.index(request.path_params["name"]).count()), media_type="text/plain")


def _lookup(service: Service, request: Request, _body: object) -> Response:
    key = request.path_params["document"]
    found = lookup(service.catalog.index(request.path_params["name"]), key, request.query_params.get("$select"))
    if found is None:
        raise not_found("document", key)
    return JSONResponse(found)
