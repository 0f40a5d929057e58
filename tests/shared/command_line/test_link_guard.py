"""The guard in front of any page: the link's holder, on this machine, in a page of this very address."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from shared.command_line.link_guard import Guard

PORT = 4321
ORIGIN = f"http://127.0.0.1:{PORT}"


async def _answer(request: Request) -> Response:
    return PlainTextResponse("inside", headers={"Cache-Control": "max-age=1"} if "kept" in request.query_params else {})


@pytest.fixture
def guard() -> Guard:
    app = Starlette(routes=[Route("/", _answer, methods=["GET", "POST"])])
    return Guard(app, "the-token", PORT, cookie="page", command="make a-page")


def ask(guard: Guard, *requests: httpx.Request) -> httpx.Response:
    """Send requests one after the other, with the cookies that come back. Returns the last answer."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard)) as client:
            for request in requests[:-1]:
                client.cookies.extract_cookies(await client.send(request))
            last = requests[-1]
            client.cookies.set_cookie_header(last)
            return await client.send(last)

    return asyncio.run(send())


def get(address: str = "/", **headers: str) -> httpx.Request:
    return httpx.Request("GET", ORIGIN + address, headers=headers)


def post(**headers: str) -> httpx.Request:
    return httpx.Request("POST", ORIGIN + "/", headers=headers)


ENTER = get("/?token=the-token")


def test_without_the_link_the_answer_says_how_to_get_it(guard: Guard) -> None:
    answer = ask(guard, get())
    assert answer.status_code == 403
    assert "make a-page" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_wrong_token_is_refused_even_beside_the_cookie(guard: Guard) -> None:
    assert ask(guard, ENTER, get("/?token=the-tokem")).status_code == 403


def test_the_token_is_exchanged_for_a_cookie_of_this_port(guard: Guard) -> None:
    cookie = ask(guard, ENTER).headers["set-cookie"].lower()
    assert cookie.startswith(f"page-{PORT}=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "the-token" not in cookie
    assert ask(guard, ENTER, get()).text == "inside"


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80"])
def test_another_host_name_is_refused(guard: Guard, host: str) -> None:
    assert ask(guard, ENTER, get(Host=host)).status_code == 403


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "http://127.0.0.1:9", f"https://127.0.0.1:{PORT}", "null"]
)
def test_a_change_needs_this_very_origin(guard: Guard, origin: str | None) -> None:
    assert ask(guard, ENTER, post(**({"Origin": origin} if origin else {}))).status_code == 403
    assert ask(guard, ENTER, post(Origin=ORIGIN)).text == "inside"


def test_another_site_may_link_here_but_load_nothing(guard: Guard) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert ask(guard, ENTER, get("/", **elsewhere, **{"Sec-Fetch-Mode": "no-cors"})).status_code == 403
    assert ask(guard, get("/?token=the-token", **elsewhere, **{"Sec-Fetch-Mode": "navigate"})).status_code == 200


def test_every_answer_is_hardened_and_keeps_its_own_headers(guard: Guard) -> None:
    for answer in (ask(guard, get()), ask(guard, ENTER, get())):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert ask(guard, ENTER, get("/?kept=1")).headers["cache-control"] == "max-age=1"


def test_a_websocket_is_not_let_through() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        pytest.fail("let through")

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        pytest.fail(f"answered with {message}")

    asyncio.run(Guard(app, "token", 80, cookie="page", command="make a-page")({"type": "websocket"}, receive, send))


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [
        ("origin", ORIGIN, "http://evil.example"),
        ("host", f"127.0.0.1:{PORT}", "evil.example"),
        ("sec-fetch-site", "same-origin", "cross-site"),
    ],
)
def test_a_second_header_does_not_hide_behind_the_first(guard: Guard, name: str, own: str, other: str) -> None:
    honest = {"host": f"127.0.0.1:{PORT}", "origin": ORIGIN, "sec-fetch-site": "same-origin"}

    def status(*values: str) -> int:
        rest = [(key, value) for key, value in honest.items() if key != name]
        headers = [*rest, *((name, value) for value in values)]
        return ask(guard, httpx.Request("POST", f"{ORIGIN}/?token=the-token", headers=headers)).status_code

    assert [status(own), status(own, other), status(other, own)] == [200, 403, 403]
