"""report.html in a real browser: offline, on a desk and on a phone, by mouse, touch and keys."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from local.browser import chromium
from shared.model.bundle import REPORT, Labels, read_bundle
from tests.e2e.accessibility import needs_axe, serious_findings
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


def test_arrow_keys_walk_over_the_map(page: Page) -> None:
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#tip .name").text_content()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip .name")).not_to_have_text(first or "")
    expect(page.locator("#map-said")).to_contain_text(HOSTILE)


def test_pointing_at_a_group_shows_where_it_lies(page: Page) -> None:
    page.locator(".overview a[data-cluster='1']").hover()
    expect(page.locator("circle.match")).to_have_count(5)
    page.mouse.move(5, 5)
    expect(page.locator("circle.match")).to_have_count(0)


def test_a_picture_enlarges_and_arrows_go_on(page: Page) -> None:
    dialog, image = page.locator("#lightbox"), page.locator("#lightbox img")
    names = [str(alt) for alt in page.locator(".enlarge img").evaluate_all("all => all.map(image => image.alt)")]
    page.locator(".enlarge").first.click()
    expect(dialog).to_be_visible()
    expect(image).to_have_attribute("alt", names[0])
    assert image.evaluate("image => image.getBoundingClientRect().height") > 600
    page.keyboard.press("ArrowLeft")
    expect(image).to_have_attribute("alt", names[-1])
    expect(dialog).to_contain_text("18 of 18")
    expect(dialog).to_contain_text("Unclustered")
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Next").click()
    expect(image).to_have_attribute("alt", names[1])
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(page.locator(".enlarge").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(image).to_have_attribute("alt", names[1])


def test_the_map_zooms_by_buttons_keys_and_wheel_about_the_pointer(page: Page) -> None:
    map_ = page.locator("#map")
    page.get_by_role("button", name="Zoom in").click()
    expect(map_).to_have_attribute("data-zoom", "1.50")
    page.get_by_role("button", name="Whole map").click()
    expect(map_).to_have_attribute("data-zoom", "1.00")
    dot = page.locator("circle[data-name='odd.png']")
    dot.hover(force=True)
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 100)
    page.wait_for_function("before => scrollY > before", arg=before)
    expect(map_).to_have_attribute("data-zoom", "1.00")
    dot.click(force=True)
    at = dot.bounding_box()
    page.mouse.wheel(0, -500)
    expect(map_).to_have_attribute("data-zoom", "4.00")
    after = dot.bounding_box()
    assert at
    assert after
    assert abs(at["x"] + at["width"] / 2 - after["x"] - after["width"] / 2) < 2
    page.keyboard.press("-")
    expect(map_).to_have_attribute("data-zoom", "2.67")
    page.keyboard.press("0")
    expect(map_).to_have_attribute("data-zoom", "1.00")


def test_a_zoomed_map_is_dragged_without_choosing_a_picture(page: Page) -> None:
    page.locator("#map").scroll_into_view_if_needed()
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    box = page.locator("#map").bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.locator("#map").get_attribute("viewBox")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("#map")).not_to_have_attribute("viewBox", before or "")
    expect(page.locator("#tip.kept")).to_have_count(0)


def test_two_fingers_zoom_the_map(browser: Browser, report: Path) -> None:
    with tab(browser, device="phone", offline=True) as page:
        page.goto(report.as_uri())
        page.locator("#map").scroll_into_view_if_needed()
        box = page.locator("#map").bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        session = page.context.new_cdp_session(page)
        for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 60)):
            points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.locator("#map")).to_have_attribute("data-zoom", "3.00")


def test_a_click_on_the_map_keeps_the_picture_and_shows_its_group(page: Page) -> None:
    page.locator("circle[data-name='apple1.png']").click(force=True)
    page.mouse.move(5, 5)
    expect(page.locator("#tip .name")).to_have_text("apple1.png")
    expect(page.locator("circle.match")).to_have_count(5)
    expect(page.locator("#map-group")).to_have_value("1")
    page.locator("#tip").get_by_role("button", name="Enlarge").click()
    expect(page.locator("#lightbox img")).to_have_attribute("alt", "apple1.png")
    page.keyboard.press("Escape")
    expect(page.locator("#lightbox")).not_to_be_visible()
    page.locator("#tip").get_by_role("link", name="apple").click()
    assert page.url.endswith("#g1")
    page.locator("#map").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).not_to_be_visible()
    expect(page.locator("circle.match")).to_have_count(0)


def test_enter_keeps_the_picture_that_the_arrow_keys_have_reached(page: Page) -> None:
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#tip").get_by_role("button", name="Enlarge")).to_be_focused()
    expect(page.locator("circle.match")).to_have_count(4)


def test_a_group_is_selected_on_the_map(page: Page) -> None:
    page.locator("#map-group").select_option("1")
    expect(page.locator("#map.filtered circle.match")).to_have_count(5)
    page.locator(".overview a[data-cluster='0']").hover()
    expect(page.locator("circle.match")).to_have_count(4)
    page.mouse.move(5, 5)
    expect(page.locator("circle.match")).to_have_count(5)
    page.locator("#map-group").select_option("")
    expect(page.locator("#map.filtered")).to_have_count(0)


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


@needs_axe
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, report: Path, colours: Literal["light", "dark"]) -> None:
    with tab(browser, colours=colours, offline=True) as page:
        page.goto(report.as_uri())
        assert serious_findings(page) == []
        page.locator("circle[data-name='apple1.png']").click(force=True)
        expect(page.locator("#tip.kept")).to_be_visible()
        assert serious_findings(page) == []
        page.locator(".enlarge").first.click()
        expect(page.locator("#lightbox")).to_be_visible()
        assert serious_findings(page) == []


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
