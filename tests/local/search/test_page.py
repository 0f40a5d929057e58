"""The search page, in a real browser: words, labels, more like this; and what it keeps out."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from infra.search.pictures import upload
from local.search.page import serve_page
from tests.e2e.browser import chromium, needs_chromium, tab
from tests.local.search.deployments import deployed, draw, draw_groups, index, settings
from tests.local.search.skill_server import serve_skill


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    folder = draw_groups(tmp_path_factory.mktemp("pictures"))
    draw(folder / "a folder" / "<b>&ö'.jpg", "open_book")
    with serve_skill() as skill, deployed(settings(skill.url, search_vector=True), folder) as clients:
        clients.images.upload_blob("evil.svg", b"<svg onload='alert(1)'/>")
        upload(clients.images, folder)
        index(clients)
        with serve_page(clients) as address:
            yield address


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_searching_by_hand(url: str, colours: Literal["light", "dark"]) -> None:
    with chromium() as browser, tab(browser, colours=colours) as page:
        page.goto(url)
        assert page.locator("figure").count() == 10
        page.fill("#q", "open book")
        page.press("#q", "Enter")
        assert page.locator("h2").inner_text() == "4 pictures"
        page.wait_for_load_state("networkidle")
        assert page.evaluate("[...document.images].map(image => image.naturalWidth)") == [80] * 4
        page.click("text=More like this >> nth=0")
        assert "nearest first" in page.locator(".like").inner_text()
        assert page.locator(".name").first.inner_text().startswith(("open_book", "<b>"))
        page.click("nav >> text=library")
        assert page.locator("figure").count() == 3
        page.click("text=Show all again")
        assert page.locator(".chosen").inner_text().startswith("library")


@needs_chromium
@pytest.mark.slow
def test_words_that_find_nothing(url: str) -> None:
    with chromium() as browser, tab(browser, device="phone") as page:
        page.goto(f"{url}/?q=zebra+book")
        page.click("text=Look for any of them")
        assert page.locator("figure").count() == 10
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=20)


def test_names_from_outside_are_text(url: str) -> None:
    body = get(f"{url}/?q=open").text
    assert "&lt;b&gt;&amp;ö&#39;.jpg" in body
    assert "<b>&" not in body
    assert "&lt;script&gt;" in get(f"{url}/?q=<script>").text


def test_headers_let_nothing_else_in(url: str) -> None:
    for path in ("/", "/style.css", "/nothing"):
        headers = get(url + path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; img-src 'self'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"


def test_another_host_name_is_refused(url: str) -> None:
    assert get(url, host="attacker.example").status_code == 400


def test_only_pictures_are_shown(url: str) -> None:
    assert get(f"{url}/picture?name=open_book_0.jpg").headers["content-type"] == "image/jpeg"
    assert get(f"{url}/picture?name=evil.svg").status_code == 415
    assert get(f"{url}/picture?name=nothing.jpg").status_code == 404
    assert get(f"{url}/picture").status_code == 404


def test_a_question_that_can_not_be_asked_is_said(url: str) -> None:
    assert "neither an indexed picture" in get(f"{url}/?like=nothing").text


def test_a_taken_port(url: str, tmp_path: Path) -> None:
    with serve_skill() as skill, deployed(settings(skill.url), draw_groups(tmp_path, each=1)) as clients:
        with pytest.raises(OSError, match="in use"), serve_page(clients, int(url.rpartition(":")[2])):
            pass
        with serve_page(clients) as plain:
            assert "More like this" not in get(plain).text
