"""What was done on the page is saved, can be taken back, and is not lost to other tabs or programs."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.model.bundle import write_labels
from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import REFUSED, enter, saved, say
from tests.training.galleries import open_plainly
from tests.training.page.pages import Served, served

pytestmark = [pytest.mark.slow, needs_chromium]


class TestUndo:
    def test_every_change_is_taken_back_and_done_again(self, page: Page, folder: Path) -> None:
        before = saved(folder)
        page.fill("#name", "boat,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("x")
        say(page, "“boat” marked as not a group: its pictures answer as unclustered")
        changed = saved(folder)
        page.keyboard.press("Control+z")
        say(page, "Undone: “boat” marked as not a group: its pictures answer as unclustered")
        page.click("#undo")
        say(page, "Undone: Group 0 named “boat”")
        assert saved(folder) == before
        page.keyboard.press("Control+y")
        say(page, "Done again: Group 0 named “boat”")
        page.click("#redo")
        say(page, "Done again: “boat” marked as not a group: its pictures answer as unclustered")
        assert saved(folder) == changed
        expect(page.locator("#redo")).to_have_attribute("aria-disabled", "true")


class TestNothingIsLost:
    def test_when_the_tab_is_closed_while_a_name_is_being_typed(
        self, browser: Browser, served_page: Served, folder: Path
    ) -> None:
        with tab(browser) as page:
            enter(page, served_page).locator("#name").press_sequentially("half a name")
            page.close(run_before_unload=True)
            with tab(browser) as another:
                enter(another, served_page)
                expect(another.locator("#chips bdi")).to_have_text(["half a name"])
        assert saved(folder).labels == {0: ("half a name",)}

    def test_when_two_tabs_name_the_same_group(self, browser: Browser, served_page: Served, folder: Path) -> None:
        with tab(browser) as one, tab(browser, expected=REFUSED) as two:
            enter(one, served_page)
            enter(two, served_page)
            one.fill("#name", "boat,")
            expect(one.locator("#chips li")).to_have_count(1)
            two.fill("#name", "ship,")
            expect(two.locator("#chips bdi")).to_have_text(["boat", "ship"])
            expect(one.locator("#chips bdi")).to_have_text(["boat", "ship"])
            say(one, "Changed elsewhere: Group 0 named “ship”")
        assert saved(folder).labels == {0: ("boat", "ship")}

    def test_a_concurrent_change_of_the_file(self, page: Page, folder: Path) -> None:
        write_labels(folder, saved(folder).model_copy(update={"labels": {1: ("apple",)}}))
        page.fill("#name", "boat,")
        expect(page.locator("#chips bdi")).to_have_text(["boat"])
        expect(page.locator('[data-group="1"] .title')).to_have_text("apple")
        assert saved(folder).labels == {0: ("boat",), 1: ("apple",)}

    def test_when_the_page_has_ended(self, browser: Browser, folder: Path) -> None:
        with tab(browser, expected=("ERR_CONNECTION_REFUSED",)) as page:
            with served(open_plainly(folder)) as ending:
                enter(page, ending)
            page.fill("#name", "boat")
            page.keyboard.press("Enter")
            expect(page.locator("#saved")).to_have_text("Not saved")
            expect(page.locator("#problem")).to_contain_text("does not answer")
            assert page.input_value("#name") == "boat"
