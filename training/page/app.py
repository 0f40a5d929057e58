"""The page's addresses: scripts and pictures go out, edits come in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shared.command_line.link_guard import Guard
from shared.digests import sha256
from shared.documents import explain
from shared.embedding.images import PictureError
from shared.errors import UserError
from shared.model.bundle import REPORT
from shared.model.words import read_words
from training.gallery.gallery import Gallery
from training.page.document import Document, Outcome, Snapshot
from training.page.edits import Edit
from training.page.proposing import Proposer
from training.page.report_keeper import ReportKeeper
from training.page.suggesting import Suggester, texts_of_name
from training.page.view import alike, proposal_views, split_option_views, state_view, suggestion_views, tried_view
from training.pictures.thumbnails import thumbnail
from training.report.cache import is_weak, read_cache

_STATIC = Path(__file__).parent / "static"
_SHARED = _STATIC.parents[1]

# Width and height that a picture has to fit, and WebP quality: for the list, for a tile, for a whole screen.
_SIZES = {"tiny": ((120, 120), 75), "small": ((560, 560), 80), "large": ((1920, 1440), 85)}

# The report brings its own, stricter policy, which names its style and script by their digests; both apply.
_REPORT_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'"
)

_MAX_EDIT_BYTES = 1 << 20
_MAX_PICTURE_BYTES = 64 << 20
_REPORT_SECONDS = 60

_EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)


class Page:
    """Answers the page's requests about one document."""

    def __init__(self, document: Document, keeper: ReportKeeper) -> None:
        self._document = document
        self._keeper = keeper
        self._weak = is_weak(read_cache(self._gallery.folder, self._gallery.bundle.manifest).choices)

    @property
    def _gallery(self) -> Gallery:
        return self._document.gallery

    @cached_property
    def _suggester(self) -> Suggester:
        written = read_words(self._gallery.folder)
        return Suggester([(*texts_of_name(name), *written.get(name, ())) for name in self._gallery.names])

    def state(self, request: Request) -> Response:
        """Everything, or 304 when nothing changed since."""
        found = self._document.snapshot()
        if request.headers.get("if-none-match") == self._etag(found):
            return Response(status_code=HTTPStatus.NOT_MODIFIED)
        return self._state(found)

    def names(self, request: Request) -> Response:
        """The pictures' file names, by position."""
        return JSONResponse(self._gallery.names)

    def stacks(self, request: Request) -> Response:
        """The pictures that are there several times, in stacks; in each, those together that can't be told apart."""
        return JSONResponse(self._gallery.stacks)

    async def change(self, request: Request) -> Response:
        edit = _EDIT.validate_json(await _body(request, _MAX_EDIT_BYTES))
        return await self._answer(request, lambda base: self._document.change(edit, base))

    async def undo(self, request: Request) -> Response:
        return await self._answer(request, self._document.undo)

    async def redo(self, request: Request) -> Response:
        return await self._answer(request, self._document.redo)

    async def _answer(self, request: Request, make: Callable[[str], Outcome]) -> Response:
        outcome = await run_in_threadpool(make, request.headers.get("if-match", "").strip('"'))
        return self._state(outcome.now, outcome.message, outcome.concurrent_change)

    def splits(self, request: Request) -> Response:
        """The options for splitting a group."""
        found, group = self._document.group(int(request.path_params["group"]))
        views = split_option_views(self._gallery, group, self._suggester, found)
        return JSONResponse({"digest": found.digest, "options": views})

    def suggestions(self, request: Request) -> Response:
        """Names that each group could have, by what is written about its pictures."""
        return JSONResponse({"words": suggestion_views(self._suggester, self._document.snapshot())})

    def proposals(self, request: Request) -> Response:
        """What to ask a person next."""
        found = self._document.snapshot()
        return JSONResponse({"digest": found.digest, "proposals": proposal_views(self._gallery, found)})

    def order(self, request: Request) -> Response:
        """The pictures of a group, or the unclustered ones, with what does not seem to belong there first."""
        found = self._document.snapshot()
        place = _number(request, "group")
        return JSONResponse({"pictures": Proposer(self._gallery, found).order(place)})

    def targets(self, request: Request) -> Response:
        """The groups that some pictures are likeliest to belong to."""
        pictures = _numbers(request, "pictures")
        return JSONResponse({"groups": Proposer(self._gallery, self._document.snapshot()).targets(pictures)})

    def alike(self, request: Request) -> Response:
        """The pictures of a group, or the unclustered ones, that look like some of them."""
        group, pictures = _number(request, "group"), _numbers(request, "pictures")
        return JSONResponse({"pictures": alike(self._gallery, self._document.snapshot(), group, pictures)})

    async def try_picture(self, request: Request) -> Response:
        """What the Function would answer for the picture in the body, and the category in the query if there is one."""
        content = await _body(request, _MAX_PICTURE_BYTES)
        return await run_in_threadpool(self._try, content, request.query_params.get("category"))

    def _try(self, content: bytes, category: str | None) -> Response:
        embedder = self._gallery.embedder
        vector = embedder.embed([embedder.picture(content)])
        found = self._document.snapshot()
        (assignment,) = self._gallery.model(found.labels).assign(vector, category)
        return JSONResponse(tried_view(self._gallery, found, vector, assignment))

    def picture(self, request: Request) -> Response:
        try:
            box, quality = _SIZES[request.path_params["size"]]
            source = self._gallery.sources[int(request.path_params["picture"])]
        except LookupError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        # A position may mean another picture when the page is opened again, so what the browser kept is compared.
        headers = {"Cache-Control": "private, no-cache"}
        if fingerprint := source.fingerprint():
            headers["ETag"] = f'"{sha256(f"{fingerprint}|{box}".encode())}"'
        if "ETag" in headers and request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        made = thumbnail(source.content(), box, quality)
        return Response(made.content, media_type="image/webp", headers=headers)

    def report(self, request: Request) -> Response:
        """report.html, once it shows the names as they are."""
        if not self._keeper.wait(_REPORT_SECONDS):
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "The report is still being written: reload in a minute")
        path = self._gallery.folder / REPORT
        if not path.exists():
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, self._keeper.problem or "There is no report yet")
        return FileResponse(path, headers={"Content-Security-Policy": _REPORT_POLICY})

    def _state(self, found: Snapshot, message: str = "", concurrent_change: bool = False) -> Response:
        view = state_view(self._gallery, found, self._keeper.problem, weak=self._weak)
        return JSONResponse(
            {"state": view, "message": message, "concurrent_change": concurrent_change},
            headers={"ETag": self._etag(found)},
        )

    def _etag(self, found: Snapshot) -> str:
        return f'"{found.digest}{"-problem" if self._keeper.problem else ""}"'


def make_app(document: Document, keeper: ReportKeeper, token: str, port: int) -> Starlette:
    """The ASGI application; `token` opens it at 127.0.0.1:`port`."""
    page = Page(document, keeper)
    routes = [
        Route("/", _file(_STATIC / "index.html")),
        *(Route(f"/{name}", _file(_SHARED / name)) for name in ("theme.css", "lightbox.css", "lightbox.js")),
        Mount("/static", StaticFiles(directory=_STATIC)),
        Route("/api/state", page.state),
        Route("/api/names", page.names),
        Route("/api/stacks", page.stacks),
        Route("/api/change", page.change, methods=["POST"]),
        Route("/api/undo", page.undo, methods=["POST"]),
        Route("/api/redo", page.redo, methods=["POST"]),
        Route("/api/splits/{group:int}", page.splits),
        Route("/api/suggestions", page.suggestions),
        Route("/api/alike", page.alike),
        Route("/api/order", page.order),
        Route("/api/targets", page.targets),
        Route("/api/proposals", page.proposals),
        Route("/api/try", page.try_picture, methods=["POST"]),
        Route("/picture/{picture:int}/{size}", page.picture),
        Route("/report", page.report),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=token, port=port, cookie="label", command="python -m training label")],
        exception_handlers=dict.fromkeys((HTTPException, ValidationError, UserError, OSError), _in_words),
    )


def _in_words(request: Request, error: Exception) -> Response:
    """What went wrong, for the page to show."""
    match error:
        case HTTPException():
            status, words = HTTPStatus(error.status_code), error.detail
        case ValidationError():
            status, words = HTTPStatus.BAD_REQUEST, explain(error)
        case PictureError():
            status, words = HTTPStatus.UNPROCESSABLE_CONTENT, str(error)
        case UserError():
            status, words = HTTPStatus.CONFLICT, str(error)
        case _:
            status, words = HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}: nothing was saved"
    return JSONResponse({"error": words}, status)


def _numbers(request: Request, name: str) -> list[int]:
    """Raises HTTPException 400."""
    try:
        return [int(number) for number in request.query_params[name].split(",")]
    except (KeyError, ValueError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"{name} must be given by number") from None


def _number(request: Request, name: str) -> int:
    return _numbers(request, name)[0]


def _file(path: Path) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        return FileResponse(path)

    return send


async def _body(request: Request, limit: int) -> bytes:
    """Read no more of a request than its limit. Raises HTTPException 413."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"That is more than {limit >> 20 or 1} MB")
    return bytes(body)
