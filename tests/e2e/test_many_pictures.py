"""3,000 pictures in the report and on the naming page. Their embeddings are made up, all else is real."""

import time
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from local.browser import chromium
from shared.model.bundle import REPORT, read_bundle
from tests.e2e.browser import needs_chromium, tab
from tests.training.galleries import many_pictures
from tests.training.page.pages import served
from training.gallery.gallery import Gallery
from training.report.thumbnails import BUDGET
from training.report.writer import Report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial"), needs_chromium]

PICTURES, GROUPS = 3000, 40
# The server takes 0.02 s to save a name among so many pictures. The rest allows for a busy machine.
SECONDS_TO_SAVE = 5.0


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    gallery = many_pictures(tmp_path_factory.mktemp("many"), PICTURES, GROUPS)
    Report(gallery).write(gallery.bundle.labels, gallery.bundle.version)
    return gallery


def test_the_report_shows_all_of_them_within_its_budget(browser: Browser, gallery: Gallery) -> None:
    path: Path = gallery.folder / REPORT
    assert path.stat().st_size < BUDGET * 1.5
    with tab(browser, device="phone", offline=True) as page:
        page.goto(path.as_uri())
        expect(page.locator("#map circle[data-picture]")).to_have_count(PICTURES)
        page.locator("#map circle[data-picture]").nth(PICTURES // 2).tap(force=True)
        expect(page.locator("#tip img")).to_be_visible()
        page.locator(".overview a").last.tap()
        expect(page.locator("#unclustered")).to_be_in_viewport()


def test_the_page_is_quick_and_loads_only_what_is_seen(browser: Browser, gallery: Gallery) -> None:
    loaded: list[str] = []
    with served(gallery) as page_server, tab(browser) as page:
        page.on("request", lambda request: loaded.append(request.url))
        page.goto(page_server.link)
        expect(page.locator(".group-item")).to_have_count(len(gallery.grouping(gallery.bundle.labels).groups) + 1)
        for name in ("sunflower", "daisy", "tulip"):
            started = time.perf_counter()
            page.fill("#name", name)
            page.keyboard.press("Enter")
            expect(page.locator("#chips bdi", has_text=name)).to_be_visible()
            assert time.perf_counter() - started < SECONDS_TO_SAVE
        page.keyboard.press("Escape")
        page.keyboard.press("u")
        count = len(gallery.grouping(gallery.bundle.labels).unclustered)
        expect(page.locator("#facts")).to_contain_text(f"{count} pictures")
        expect(page.locator("#tiles li").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.locator("#tiles li").count() < count
        assert len([url for url in loaded if url.endswith("/small")]) < PICTURES / 10
        page.keyboard.press("p")
        page.keyboard.press("End")
        expect(page.locator("#tiles li").last).to_have_attribute("aria-posinset", str(count))
        expect(page.locator("#tiles li").last.locator(".picture")).to_be_focused()
    (names,) = read_bundle(gallery.folder).labels.labels.values()
    assert names == ("sunflower", "daisy", "tulip")
