"""A small page to search by hand: words, labels to narrow by, all pictures page by page, and more like one of them.

It asks the index as `python -m infra.search query` does, through the official SDK, and shows the pictures from the
container. For one person on this machine: it listens on 127.0.0.1, and lets in who has the link.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import jinja2
import uvicorn
from azure.core.exceptions import HttpResponseError
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.search.clients import Clients
from infra.search.pictures import blob_name
from infra.search.queries import Answer, Hit, Question, quoted
from infra.search.typos import Forgiven, ask_forgiving
from shared.command_line.link_guard import Guard
from shared.command_line.ports import listen
from shared.errors import UserError

_FOLDER = Path(__file__).parent
_TRAINING = _FOLDER.parent.parent / "training"  # has what its pages and this one share
_TOP = 60
_MOST_PAGES = 100_000 // _TOP  # the service skips no more hits
_NEAREST = 1000  # of a picture: what comes after looks like anything
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# What a browser shows as a picture and runs nothing of; SVG is not among them.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp"})


class Asked:
    """What an address asks for, and the addresses one click away from it."""

    def __init__(self, params: QueryParams) -> None:
        self.words = params.get("q", "").strip()
        self.label = params.get("label", "")
        self.like = params.get("like", "")
        self.any_word = params.get("mode") == "any"
        page = params.get("page", "")
        self.page = min(max(int(page), 1), _MOST_PAGES) if page.isdecimal() and len(page) < 9 else 1

    def question(self) -> Question:
        return Question(
            words=self.words or "*",
            mode="any" if self.any_word else "all",
            where=f"label/any(l: l eq {quoted(self.label)})" if self.label else None,
            facets=("label,count:30",),
            like=self.like or None,
            nearest=_NEAREST,
            top=_TOP,
            skip=_TOP * (self.page - 1),
        )

    def address(self, **changed: str | int) -> str:
        """This question with something changed, on its first page; an empty value takes it away."""
        now = {"q": self.words, "mode": "any" if self.any_word else "", "label": self.label, "like": self.like}
        return "/?" + urlencode({name: value for name, value in (now | changed).items() if value})


class Page:
    """The routes of the page, over one deployment's clients."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        fields = clients.indexes.get_index(clients.index).fields
        self._fields = fields
        self._has_vectors = any(field.name == "vector" for field in fields)
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True)
        self._template = environment.get_template("page.html")

    def search(self, request: Request) -> Response:
        asked = Asked(request.query_params)
        problem, found = "", Forgiven(Answer([], 0), forgiven=False)
        try:
            found = ask_forgiving(self._clients.documents, self._fields, asked.question())
        except UserError as error:
            problem = str(error)
        except HttpResponseError as error:
            problem = error.error.message if error.error and error.error.message else str(error.message)
        answer = found.answer
        pages = min(-(-answer.count // _TOP), _MOST_PAGES)
        if asked.page > max(pages, 1):
            return RedirectResponse(asked.address(page=pages))
        names = {hit.id: blob_name(self._clients.images, hit.url) for hit in answer.hits}
        return HTMLResponse(
            self._template.render(
                asked=asked,
                answer=answer,
                found=found,
                pages=pages,
                first=_TOP * (asked.page - 1) + 1,
                names=names,
                places=places(answer.hits, names),
                like=self._liked(asked.like) if asked.like else None,
                problem=problem,
                has_vectors=self._has_vectors,
            )
        )

    def picture(self, request: Request) -> Response:
        name = request.query_params.get("name", "")
        if {".", ".."} & {*name.split("/")}:  # in a URL they lead out of the container
            raise HTTPException(404)
        try:
            blob = self._clients.images.download_blob(name)
        except (HttpResponseError, ValueError):  # no such blob, or a name that no blob can have
            raise HTTPException(404) from None
        content_type = blob.properties.content_settings.content_type or ""
        if content_type not in _SHOWN:
            raise HTTPException(415)
        return Response(blob.readall(), media_type=content_type)

    def style(self, _request: Request) -> Response:
        parts = (_TRAINING / "theme.css", _TRAINING / "lightbox.css", _FOLDER / "page.css")
        return Response("".join(part.read_text("utf-8") for part in parts), media_type="text/css")

    def script(self, _request: Request) -> Response:
        lightbox = (_TRAINING / "lightbox.js").read_text("utf-8")
        return Response(f"{lightbox}\nwatchLightbox();\n", media_type="text/javascript")

    def _liked(self, key: str) -> dict[str, str | None]:
        """What to show of the picture that others are to look like."""
        found = self._clients.documents.search("*", filter=f"id eq {quoted(key)}", select=["file_name", "url"], top=1)
        for document in found:
            return {"file_name": document["file_name"], "name": blob_name(self._clients.images, document["url"])}
        return {"file_name": key, "name": None}


def places(hits: Sequence[Hit], names: Mapping[str, str | None]) -> dict[str, str]:
    """What tells hits of equal file names apart, by their ids: the folder, and the page of a document."""
    often = Counter(hit.file_name for hit in hits)
    told: dict[str, str] = {}
    for hit in hits:
        folder = (names[hit.id] or "").rpartition("/")[0]
        page = f"page {hit.page_number}" if hit.page_number else ""
        if often[hit.file_name] > 1:
            told[hit.id] = ", ".join(part for part in (folder or "not in a folder", page) if part)
    return told


def create_page(clients: Clients, token: str, port: int) -> Guard:
    """The page as an ASGI application, for whoever has the token, at this port of this machine."""
    page = Page(clients)
    app = Starlette(
        routes=[
            Route("/", page.search),
            Route("/picture", page.picture),
            Route("/style.css", page.style),
            Route("/page.js", page.script),
            Route("/favicon.ico", _no_icon),  # browsers ask for it by themselves
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_with_headers)],
    )
    return Guard(app, token, port, cookie="search", command="make search-demo KEEP=--keep")


def _no_icon(_request: Request) -> Response:
    return Response(status_code=204)


async def _with_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response


@contextmanager
def serve_page(clients: Clients, port: int = 0) -> Generator[str]:
    """Serve the page from a thread; yields the link that opens it. Raises shared.command_line.ports.PortError."""
    listener = listen(port)
    bound: int = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)
    config = uvicorn.Config(
        create_page(clients, token, bound),
        lifespan="off",
        log_config=None,  # uvicorn's would close every handler that others set up in this process
        log_level="warning",
        access_log=False,  # it would write the token down
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="search page")
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound}/?token={token}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
