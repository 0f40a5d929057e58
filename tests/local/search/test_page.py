"""The search page, in a real browser: words, labels, more like this; and what it keeps out."""

from __future__ import annotations

import html
import re
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from infra.search.pictures import upload
from infra.search.queries import Hit
from local.browser import chromium
from local.search.page import places, serve_page
from shared.command_line.ports import PortError
from tests.e2e.accessibility import needs_axe, serious_findings
from tests.e2e.browser import needs_chromium, tab
from tests.local.search.deployments import deployed, draw, draw_groups, index, settings
from tests.local.search.skill_server import serve_skill


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    folder = draw_groups(tmp_path_factory.mktemp("pictures"))
    draw(folder / "a folder" / "<b>&ö'.jpg", "open_book")
    draw(folder / "a folder" / "closed_book_0.jpg", "closed_book")
    with serve_skill() as skill, deployed(settings(skill.url, search_vector=True), folder) as clients:
        clients.images.upload_blob("evil.svg", b"<svg onload='alert(1)'/>")
        upload(clients.images, folder)
        index(clients)
        with serve_page(clients) as address:
            yield address


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as browser:
        yield browser


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_searches(browser: Browser, link: str, colours: Literal["light", "dark"]) -> None:
    with tab(browser, colours=colours) as page:
        page.goto(link)
        expect(page.locator("figure")).to_have_count(11)
        page.fill("#q", "open book")
        page.press("#q", "Enter")
        expect(page.locator("h2")).to_have_text("4 pictures")
        page.wait_for_load_state("networkidle")
        assert (
            page.evaluate("[...document.querySelectorAll('figure img')].map(image => image.naturalWidth)") == [80] * 4
        )
        page.click("text=More like this >> nth=0")
        expect(page.locator(".like")).to_contain_text("nearest first")
        assert page.locator(".name").first.inner_text().startswith(("open_book", "<b>"))
        page.click("nav >> text=library")
        expect(page.locator("figure")).to_have_count(3)
        page.click("text=Show all again")
        expect(page.locator(".chosen")).to_have_text(re.compile("^library"))


@needs_chromium
@pytest.mark.slow
def test_the_page_says_when_nothing_is_found(browser: Browser, link: str) -> None:
    with tab(browser, device="phone") as page:
        page.goto(f"{link}&q=zebra+book")
        page.click("text=Look for any of them")
        expect(page.locator("figure")).to_have_count(11)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@needs_chromium
@pytest.mark.slow
def test_a_hit_enlarges_and_arrows_go_on(browser: Browser, link: str) -> None:
    with tab(browser) as page:
        page.goto(f"{link}&q=open+book")
        page.get_by_role("button").filter(has=page.get_by_role("img")).first.click()
        dialog = page.locator("#lightbox")
        expect(dialog).to_contain_text("1 of 4")
        expect(dialog.locator("img")).to_have_js_property("naturalWidth", 80)
        page.keyboard.press("ArrowLeft")
        expect(dialog).to_contain_text("4 of 4")
        names = page.locator(".enlarge").evaluate_all("all => all.map(button => button.dataset.name)")
        expect(dialog.locator("bdi")).to_have_text(names[3])
        page.keyboard.press("Escape")
        expect(dialog).not_to_be_visible()
        expect(page.locator(".enlarge").nth(3)).to_be_focused()


@needs_chromium
@needs_axe
@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, link: str, colours: Literal["light", "dark"], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(browser, colours=colours) as page:
        page.goto(link)
        expect(page.locator("figure")).to_have_count(11)
        assert serious_findings(page) == []
        page.click("text=More like this >> nth=0")
        expect(page.locator(".like")).to_be_visible()
        assert serious_findings(page) == []
        monkeypatch.setattr("local.search.page._TOP", 2)
        page.fill("#q", "opne boook")
        page.press("#q", "Enter")
        expect(page.locator(".pages")).to_be_visible()
        assert serious_findings(page) == []
        page.locator(".enlarge").first.click()
        expect(page.locator("#lightbox")).to_be_visible()
        assert serious_findings(page) == []


@pytest.fixture(scope="module")
def url(link: str) -> str:
    return link.partition("/?")[0]


@pytest.fixture(scope="module")
def client(link: str) -> Generator[httpx.Client]:
    """A browser that has opened the link."""
    with httpx.Client(base_url=link.partition("/?")[0], timeout=20) as client:
        assert client.get(link).status_code == 200
        yield client


def test_file_names_are_escaped(client: httpx.Client) -> None:
    body = client.get("/?q=open").text
    assert "&lt;b&gt;&amp;ö&#39;.jpg" in body
    assert "<b>&" not in body
    assert "&lt;script&gt;" in client.get("/?q=<script>").text


def test_equal_file_names_are_told_apart_by_their_folders(client: httpx.Client) -> None:
    body = client.get("/?q=closed").text
    assert sorted(re.findall(r'class="name place"[^>]*>([^<]*)<', body)) == ["a folder", "not in a folder"]
    assert body.count('title="a folder/closed_book_0.jpg"') == 1
    assert "name place" not in client.get("/?q=open").text


def test_pictures_of_one_document_are_told_apart_by_their_pages() -> None:
    hits = [Hit(str(number), "a.pdf", (), "", 1.0, page_number=number) for number in (1, 2)]
    assert places(hits, {"1": "docs/a.pdf", "2": "docs/a.pdf"}) == {"1": "docs, page 1", "2": "docs, page 2"}


@pytest.mark.parametrize("question", ["", "q=book", "like=closed_book_1.jpg"])
def test_pages_lead_through_all_hits(client: httpx.Client, question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.search.page._TOP", 4)
    address, names = f"/?{question}", list[str]()
    for page in (1, 2, 3):
        body = client.get(address).text
        assert f"Page {page} of 3" in body
        names += re.findall(r'data-name="([^"]*)"', body)
        following = re.search(r'rel="next" href="([^"]*)"', body)
        address = html.unescape(following[1]) if following else ""
    assert address == ""
    assert len(names) == len(set(names)) == (10 if "like" in question else 11)
    beyond = client.get(f"/?{question}&page=99", follow_redirects=True)
    assert "Page 3 of 3" in beyond.text
    assert "Page 1 of 3" in client.get(f"/?{question}&page=-1x").text


def test_a_typo_is_forgiven_and_told(client: httpx.Client) -> None:
    body = " ".join(client.get("/?q=opne+boook").text.split())
    assert "No picture carries the words “opne boook”. Showing hits for" in body
    assert '<a href="/?q=open+book"><strong>open book</strong></a>' in body
    assert "4 pictures" in body
    assert "Showing hits for" not in client.get("/?q=open+book").text
    assert "Nothing found" in client.get("/?q=zebra").text


def test_headers_let_nothing_else_in(client: httpx.Client) -> None:
    for path in ("/", "/style.css", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/?q=open", "/picture?name=open_book_0.jpg", "/style.css", "/?token=wrong"])
def test_nothing_is_shown_without_the_link(url: str, path: str) -> None:
    answer = httpx.get(f"{url}{path}", timeout=20)
    assert answer.status_code == 403
    assert "make search-demo KEEP=--keep" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_answers_this_machine_under_its_own_name_only(client: httpx.Client, url: str) -> None:
    port = int(url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    for host in ("attacker.example", f"attacker.example:{port}", "127.0.0.1:80", ""):
        assert client.get("/", headers={"Host": host}).status_code == 403


def test_no_other_origin_is_answered(client: httpx.Client, link: str) -> None:
    for origin in ("http://attacker.example", "http://127.0.0.1:9", "null"):
        assert client.get("/?q=open", headers={"Origin": origin}).status_code == 403
        assert client.get(link, headers={"Origin": origin}).status_code == 403
    assert client.get("/?q=open", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_only_pictures_are_shown(client: httpx.Client) -> None:
    assert client.get("/picture?name=open_book_0.jpg").headers["content-type"] == "image/jpeg"
    assert client.get("/picture?name=evil.svg").status_code == 415
    assert client.get("/picture?name=nothing.jpg").status_code == 404
    assert client.get("/picture").status_code == 404


@pytest.mark.parametrize(
    "name", [".", "..", "a/..", "../images/open_book_0.jpg", "\x00", "?", "\udc80", "x" * 2000, "/"]
)
def test_names_that_no_blob_has_are_not_found(client: httpx.Client, name: str) -> None:
    encoded = quote(name, errors="surrogateescape")
    assert client.get(f"/picture?name={encoded}").status_code == 404


def test_an_invalid_query_shows_its_error(client: httpx.Client) -> None:
    assert "neither an indexed picture" in client.get("/?like=nothing").text


def test_a_port_in_use(url: str, tmp_path: Path) -> None:
    with serve_skill() as skill, deployed(settings(skill.url), draw_groups(tmp_path, each=1)) as clients:
        with (
            pytest.raises(PortError, match="something else listens there"),
            serve_page(clients, int(url.rpartition(":")[2])),
        ):
            pass
        with serve_page(clients) as plain:
            assert "More like this" not in httpx.get(plain, timeout=20).text
