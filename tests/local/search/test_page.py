"""The search page, in a real browser: words, labels, more like this; and what it keeps out."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from infra.search.pictures import upload
from local.search.page import serve_page
from tests.local.search.deployments import deployed, draw, draw_groups, index, settings
from tests.local.search.skill_server import serve_skill

CHROMIUM = shutil.which("chromium")


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


@pytest.fixture(scope="module")
def browser_page() -> Generator[Page]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.slow
def test_searching_by_hand(url: str, browser_page: Page) -> None:
    problems: list[str] = []
    browser_page.on("console", lambda message: problems.append(message.text))
    browser_page.on("requestfailed", lambda request: problems.append(request.url))
    browser_page.goto(url)
    assert browser_page.locator("figure").count() == 10
    browser_page.fill("#q", "open book")
    browser_page.press("#q", "Enter")
    assert browser_page.locator("h2").inner_text() == "4 pictures"
    browser_page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    browser_page.click("text=More like this >> nth=0")
    assert "nearest first" in browser_page.locator(".like").inner_text()
    assert browser_page.locator(".name").first.inner_text().startswith(("open_book", "<b>"))
    browser_page.click("nav >> text=library")
    assert browser_page.locator("figure").count() == 3
    browser_page.click("text=Show all again")
    assert browser_page.locator(".chosen").inner_text().startswith("library")
    browser_page.goto(f"{url}/?q=zebra+book")
    browser_page.click("text=Look for any of them")
    assert browser_page.locator("figure").count() == 10
    assert problems == []


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
