"""Who gets to see the page, and how it looks and is used on a desk, on a phone and by keys."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import REFUSED, enter
from tests.training.page.pages import Served

pytestmark = [pytest.mark.slow, needs_chromium]


class TestAccess:
    @pytest.mark.parametrize("query", ["", "?token=wrong"])
    def test_without_the_link_there_is_nothing(self, browser: Browser, served_page: Served, query: str) -> None:
        with tab(browser, expected=REFUSED) as page:
            answer = page.goto(served_page.origin + "/" + query)
            assert answer is not None
            assert answer.status == 403
            expect(page.locator("body")).to_contain_text("python -m training label")

    def test_the_token_leaves_the_address_and_a_reload_still_works(self, page: Page, served_page: Served) -> None:
        assert served_page.token not in page.url
        page.locator('[data-group="1"]').click()
        page.reload()
        expect(page.locator("#title")).to_have_text("Group 1, unnamed")

    def test_scripts_can_not_read_the_cookie(self, page: Page) -> None:
        assert page.evaluate("document.cookie") == ""


class TestHelp:
    def test_the_keys_are_listed_and_can_be_switched_off(self, page: Page) -> None:
        page.keyboard.press("?")
        expect(page.locator("#help-dialog")).to_contain_text("The largest group without a name")
        expect(page.get_by_role("heading", name="Keyboard")).to_be_in_viewport()
        page.get_by_label("Single-key shortcuts").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.locator("#title")).to_have_text("Group 0, unnamed")

    def test_everything_has_a_name_to_be_called_by(self, page: Page) -> None:
        for role in ("button", "link", "textbox", "combobox", "slider"):
            for element in page.get_by_role(role).all():
                snapshot = element.aria_snapshot()
                assert '"' in snapshot, f"{role} without a name: {element.evaluate('e => e.outerHTML')}"
        assert page.locator("img:not([alt])").count() == 0


class TestLooks:
    @pytest.mark.parametrize("device", ["desktop", "phone"])
    def test_nothing_sticks_out_and_colours_follow_the_system(
        self, browser: Browser, served_page: Served, device: Literal["desktop", "phone"]
    ) -> None:
        backgrounds: set[str] = set()
        for colours in ("light", "dark"):
            with tab(browser, device=device, colours=colours) as page:
                enter(page, served_page)
                # As long as it gets: on a phone, a page that is too wide is shown smaller.
                told = "12,345 of 20,000 pictures named, 150 of 200 groups"
                page.evaluate("told => { document.getElementById('progress-text').textContent = told }", told)
                assert page.viewport_size is not None
                assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
                backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert len(backgrounds) == 2

    def test_on_a_phone_a_suggested_name_is_taken_by_a_tap(self, browser: Browser, served_page: Served) -> None:
        with tab(browser, device="phone") as page:
            enter(page, served_page)
            page.get_by_role("button", name="Name this group boat").tap()
            expect(page.locator("#chips bdi")).to_have_text(["boat"])

    def test_on_a_phone_groups_are_behind_a_button(self, browser: Browser, served_page: Served) -> None:
        with tab(browser, device="phone") as page:
            enter(page, served_page)
            expect(page.locator("#groups")).not_to_be_visible()
            page.get_by_role("button", name="Groups").tap()
            page.locator('[data-group="2"]').tap()
            expect(page.locator("#groups")).not_to_be_visible()
            expect(page.locator("#title")).to_have_text("Group 2, unnamed")
            page.get_by_role("button", name="Previous").tap()
            expect(page.locator("#title")).to_have_text("Group 1, unnamed")
            page.locator(".picture").first.tap()
            page.get_by_role("button", name="Remove").tap()
            expect(page.locator("#lightbox .about")).to_contain_text("removed from Group 1")
