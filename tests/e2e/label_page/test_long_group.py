"""20,000 pictures in one group: the page never stops for long while one scrolls and selects."""

import json
from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import enter
from tests.training.page.pages import Served

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial"), needs_chromium]

PICTURES = 20_000
LONGEST_SECONDS = 0.1


@pytest.fixture
def page(browser: Browser, served_page: Served) -> Generator[Page]:
    """The page of a model whose pictures are there 1,000 times over, all of them in group 0."""
    with tab(browser) as page:
        page.route("**/api/names", told_many_names)
        page.route("**/api/stacks", told_many_stacks)
        page.route("**/api/state", told_one_long_group)
        page.route("**/picture/*/*", shown_any_picture)
        enter(page, served_page)
        expect(page.locator("#facts")).to_contain_text("20,000 pictures, 19,900 different")
        yield page


def told_many_names(route: Route) -> None:
    names = route.fetch(max_retries=3).json()
    route.fulfill(json=[f"{number:05}/{names[number % len(names)]}" for number in range(PICTURES)])


def told_many_stacks(route: Route) -> None:
    """Of each hundred of the first half two are copies, in view and far from each other."""
    route.fulfill(json=[[[number], [number + PICTURES // 2]] for number in range(0, PICTURES // 2, 100)])


def told_one_long_group(route: Route) -> None:
    answer = route.fetch(max_retries=3)
    if not answer.ok:  # nothing has changed since
        return route.fulfill(response=answer)
    told = answer.json()
    long = told["state"]["groups"][0]
    long["pictures"] = [{"picture": number, "mark": "core", "distance": 0.1} for number in range(PICTURES)]
    return route.fulfill(response=answer, json=told)


def shown_any_picture(route: Route) -> None:
    number, size = route.request.url.rsplit("/", 2)[1:]
    route.continue_(url=route.request.url.replace(f"/{number}/{size}", f"/{int(number) % 18}/{size}"))


def longest_task(browser: Browser, page: Page, act: Callable[[], None]) -> float:
    """Processor seconds of the longest task of the page's thread: what the processor does for others is not counted."""
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    act()
    page.wait_for_timeout(200)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    # No other process has a main thread of this name.
    ours = {(event["pid"], event["tid"]) for event in events if event.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [event for event in events if event["name"] == "RunTask" and (event["pid"], event["tid"]) in ours]
    return max(event["tdur"] / 1e6 for event in tasks if "tdur" in event)  # one that is still running has none


def test_scrolling_and_selecting_never_pause(browser: Browser, page: Page) -> None:
    tiles = page.locator("#tiles > li")
    page.mouse.move(800, 500)

    def scroll() -> None:
        page.evaluate("scrollTo(0, 0)")
        for _ in range(100):
            page.mouse.wheel(0, 4000)
            page.wait_for_timeout(30)
        assert page.evaluate("scrollY") > 200_000
        expect(tiles.last).to_be_visible()
        assert tiles.count() < 200

    def select() -> None:
        page.keyboard.press("p")
        page.keyboard.press("Space")
        page.keyboard.press("End")
        expect(tiles.last.locator(".picture")).to_be_focused()
        expect(tiles.last).to_have_attribute("aria-posinset", "19900")
        page.keyboard.press("Shift+Space")
        expect(page.locator("#act-count")).to_have_text("20,000 pictures selected")
        page.keyboard.press("Escape")
        expect(page.locator("#acting")).to_be_hidden()

    # What the page takes long for, it takes long for every time; what the machine does comes once.
    for act in (scroll, select):
        assert any(longest_task(browser, page, act) <= LONGEST_SECONDS for _ in range(3))


def test_the_focused_picture_is_gone_on_from_however_far_one_has_scrolled(page: Page) -> None:
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    page.evaluate("scrollTo(0, 50_000)")
    expect(page.locator("#tiles > li[aria-posinset='20']")).to_have_count(0)
    expect(page.locator("#tiles > li[aria-posinset='2'] .picture")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tiles > li[aria-posinset='3'] .picture")).to_be_focused()
    expect(page.locator("#tiles > li[aria-posinset='3']")).to_be_in_viewport()
