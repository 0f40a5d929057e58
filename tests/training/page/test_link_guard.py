"""The page is for whoever has the link, on this machine, in a page of this very address."""

from collections.abc import Generator

import httpx
import pytest

from tests.training.galleries import open_plainly, train_pictures
from tests.training.page.pages import Served, served

ADDRESSES = [
    "/",
    "/theme.css",
    "/lightbox.js",
    "/static/main.js",
    "/api/state",
    "/api/names",
    "/picture/0/small",
    "/report",
]
CHANGES = ["/api/change", "/api/undo", "/api/redo", "/api/try"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """One page for all tests here: none of them gets to change anything."""
    with served(open_plainly(train_pictures(tmp_path_factory.mktemp("shapes") / "models"))) as page:
        yield page


@pytest.fixture
def stranger(page: Served) -> Generator[httpx.Client]:
    """A client without the link."""
    with page.client(enters=False) as client:
        yield client


def at(page: Served, text: str) -> str:
    """A text about the page, whose port is another each time."""
    return text.replace("PORT", str(page.port))


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_shown_without_the_link(stranger: httpx.Client, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 403
    assert "python -m training label" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("address", CHANGES)
def test_nothing_is_changed_without_the_link(stranger: httpx.Client, address: str) -> None:
    assert stranger.post(address, content=b"{}").status_code == 403


@pytest.mark.parametrize("token", ["", "wrong", "TOKE", "TOKENx", "ümlaut"])
def test_a_wrong_token_opens_nothing_even_with_the_cookie(page: Served, client: httpx.Client, token: str) -> None:
    given = token.replace("TOKEN", page.token).replace("TOKE", page.token[:-1])
    assert client.get("/", params={"token": given}).status_code == 403
    assert client.get("/").status_code == 200


def test_the_link_is_exchanged_for_a_cookie_that_scripts_and_other_sites_can_not_use(
    page: Served, stranger: httpx.Client
) -> None:
    answer = stranger.get(page.link)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"label-{page.port}=")
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert page.token not in cookie
    assert stranger.get("/api/state").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:80", "[::1]:PORT", ""])
def test_no_other_name_leads_here(page: Served, client: httpx.Client, host: str) -> None:
    assert client.get("/api/state", headers={"Host": at(page, host)}).status_code == 403


def test_localhost_is_this_machine_too(page: Served, client: httpx.Client) -> None:
    name = f"localhost:{page.port}"
    headers = {"Host": name, "Origin": f"http://{name}"}
    assert client.get("/", params={"token": page.token}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://127.0.0.1:9", "https://127.0.0.1:PORT", "http://localhost:PORT", "null", ""],
)
@pytest.mark.parametrize("address", CHANGES)
def test_no_other_origin_changes_anything(page: Served, client: httpx.Client, origin: str, address: str) -> None:
    assert client.post(address, content=b"{}", headers={"Origin": at(page, origin)}).status_code == 403


def test_a_change_without_an_origin_is_refused(client: httpx.Client) -> None:
    del client.headers["Origin"]
    assert client.post("/api/undo").status_code == 403
    assert client.get("/api/state").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_load_nothing_but_may_link_here(page: Served, client: httpx.Client, site: str) -> None:
    del client.headers["Origin"]
    token = {"token": page.token}
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert client.get("/picture/0/small", headers=headers).status_code == 403
    assert client.get("/picture/0/small", params=token, headers=headers).status_code == 403
    headers["Sec-Fetch-Mode"] = "navigate"
    assert client.get("/", headers=headers).status_code == 403
    assert client.get("/", params=token, headers=headers).status_code == 200


@pytest.mark.parametrize("address", [*ADDRESSES, "/nothing-here"])
def test_every_answer_is_hardened(client: httpx.Client, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert address == "/report" or "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] in {"no-store", "private, no-cache"}


def test_it_offers_no_cross_origin_access(client: httpx.Client) -> None:
    answer = client.options("/api/change", headers={"Access-Control-Request-Method": "POST"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
