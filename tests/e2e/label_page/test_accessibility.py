"""axe-core finds nothing serious on the naming page and the report, in light and dark, on desk and phone."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import needs_axe, serious_findings
from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import enter
from tests.training.page.pages import Served

pytestmark = [pytest.mark.slow, needs_chromium, needs_axe]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_and_its_dialogs(
    browser: Browser, served_page: Served, colours: Literal["light", "dark"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.page.proposing._SAME_WITHIN", 100)
    with tab(browser, colours=colours) as page:
        enter(page, served_page)
        page.fill("#name", "boat,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("p")
        page.keyboard.press("Space")
        expect(page.locator("#acting")).to_be_visible()
        assert serious_findings(page) == []
        for keys, dialog in (("m", "#choose-dialog"), ("s", "#split-dialog .part"), ("q", "#questions-dialog .sides")):
            page.keyboard.press(keys)
            expect(page.locator(dialog).first).to_be_visible()
            assert serious_findings(page) == []
            page.keyboard.press("Escape")
            expect(page.locator("dialog[open]")).to_have_count(0)
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        expect(page.locator("#lightbox")).to_be_visible()
        assert serious_findings(page) == []


def test_the_page_on_a_phone_and_the_report(browser: Browser, served_page: Served) -> None:
    with tab(browser, device="phone") as page:
        enter(page, served_page)
        assert serious_findings(page) == []
        page.get_by_role("button", name="Groups").tap()
        assert serious_findings(page) == []
        page.goto(f"{served_page.origin}/report")
        expect(page.locator("h1")).to_be_visible()
        assert serious_findings(page) == []


def test_a_fault_would_be_found(browser: Browser) -> None:
    with tab(browser) as page:
        page.set_content("<html lang=en><title>x</title><main><button></button></main></html>")
        assert [finding.partition(":")[0] for finding in serious_findings(page)] == ["button-name"]
