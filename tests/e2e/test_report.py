"""report.html in a real browser: offline, on a desk and on a phone, by mouse, touch and keys."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from local.browser import chromium
from shared.model.bundle import REPORT, Labels, read_bundle
from tests.e2e.browser import needs_chromium, tab
from tests.training.galleries import CHOICE, HOSTILE, open_plainly, train_pictures
from training.report.writer import Report

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with hostile names everywhere."""
    labels = Labels(labels={0: (HOSTILE, "</script><script>document.title='owned'</script>"), 1: ("apple",)})
    folder = train_pictures(tmp_path_factory.mktemp("shapes") / "models", labels=labels)
    bundle = read_bundle(folder)
    Report(open_plainly(folder), [CHOICE]).write(bundle.labels, bundle.version)
    return folder / REPORT


@pytest.fixture
def page(browser: Browser, report: Path) -> Generator[Page]:
    with tab(browser, offline=True) as page:
        page.goto(report.as_uri())
        yield page


def test_hostile_names_are_shown_and_do_nothing(page: Page) -> None:
    expect(page.locator("#g0-title")).to_contain_text(HOSTILE)
    expect(page.locator("#g0 figcaption bdi", has_text="onerror")).to_have_text(HOSTILE)
    assert page.title() == "shapes: 3 groups of pictures"
    assert page.locator("script").count() == 1


def test_all_thumbnails_are_there_without_a_network(page: Page) -> None:
    images = page.locator("figure img")
    expect(images).to_have_count(18)
    assert (
        images.evaluate_all("all => Promise.all(all.map(async each => (await each.decode(), each.naturalWidth)))")
        == [96] * 18
    )


def test_pointing_at_a_dot_shows_its_picture(page: Page) -> None:
    dot = page.locator("circle[data-name='odd.png']")
    dot.hover(force=True)
    expect(page.locator("#tip .name")).to_have_text("odd.png")
    expect(page.locator("#tip .where")).to_have_text("Unclustered")
    expect(page.locator("#tip img")).to_have_js_property("naturalWidth", 96)
    page.mouse.move(5, 5)
    expect(page.locator("#tip")).not_to_be_visible()


def test_arrow_keys_walk_over_the_map_and_enter_finds_the_picture(page: Page) -> None:
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#tip .name").text_content()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip .name")).not_to_have_text(first or "")
    expect(page.locator("#map-said")).to_contain_text(HOSTILE)
    page.keyboard.press("Enter")
    expect(page.locator("figure:target")).to_have_count(1)


def test_pointing_at_a_group_shows_where_it_lies(page: Page) -> None:
    page.locator(".overview a[data-cluster='1']").hover()
    expect(page.locator("circle.match")).to_have_count(5)
    page.mouse.move(5, 5)
    expect(page.locator("circle.match")).to_have_count(0)


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_nothing_overflows_and_colours_follow_the_system(
    browser: Browser, report: Path, device: Literal["desktop", "phone"]
) -> None:
    backgrounds: set[str] = set()
    for colours in ("light", "dark"):
        with tab(browser, device=device, colours=colours, offline=True) as page:
            page.goto(report.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backgrounds) == 2


def test_text_can_be_read_in_both_colour_schemes(browser: Browser, report: Path) -> None:
    for colours in ("light", "dark"):
        with tab(browser, colours=colours, offline=True) as page:
            page.goto(report.as_uri())
            for selector in ("h1", "p.soft", ".chip", "figcaption", "summary", ".parameters dt"):
                ratio = contrast(page, selector)
                assert ratio >= 4.5, f"{selector} has a contrast of {ratio:.2f} in the {colours} scheme"


def contrast(page: Page, selector: str) -> float:
    """The contrast ratio of an element's text and background, as WCAG 2.2 defines it."""
    found = page.locator(selector).first.evaluate(
        """element => {
            const background = each => {
                const colour = getComputedStyle(each).backgroundColor;
                return colour === "rgba(0, 0, 0, 0)" ? background(each.parentElement) : colour;
            };
            return [getComputedStyle(element).color, background(element)];
        }"""
    )
    darker, lighter = sorted(luminance(colour) for colour in found)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
