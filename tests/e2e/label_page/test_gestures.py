"""Pictures selected and put elsewhere: by mouse, by keys and by touch."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import enter, saved, say
from tests.training.page.pages import Served

pytestmark = [pytest.mark.slow, needs_chromium]

APPLES, CUPS = '[data-group="1"]', '[data-group="2"]'


def count(page: Page, text: str) -> None:
    expect(page.locator("#act-count")).to_have_text(text)


def test_by_mouse_a_range_becomes_a_new_group(page: Page, folder: Path) -> None:
    page.locator(APPLES).click()
    tiles = page.locator("#tiles .picture")
    tiles.nth(0).click(modifiers=["Control"])
    tiles.nth(2).click(modifiers=["Shift"])
    count(page, "3 pictures selected")
    tiles.nth(1).click()
    count(page, "2 pictures selected")
    page.get_by_role("button", name="Move…").click()
    page.keyboard.type("red apple")
    page.keyboard.press("Enter")
    say(page, "2 pictures moved to “red apple”")
    expect(page.locator("#acting")).to_be_hidden()
    expect(page.locator("#facts")).to_contain_text("3 pictures")
    assert saved(folder).labels == {3: ("red apple",)}
    page.keyboard.press("Control+z")
    expect(page.locator("#facts")).to_contain_text("5 pictures")


def test_by_keys_an_unclustered_picture_goes_to_the_group_whose_name_is_typed(page: Page, folder: Path) -> None:
    page.fill("#name", "Bœuf à la mode,")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.keyboard.press("p")
    page.keyboard.press("Space")
    page.keyboard.press("m")
    page.keyboard.type("A LA")
    expect(page.locator("#choose-list li").first).to_contain_text("Bœuf à la mode")
    page.keyboard.press("Enter")
    say(page, "odd.png moved to “Bœuf à la mode”")
    assert [(entry.picture, entry.cluster) for entry in saved(folder).edits.placed] == [("odd.png", 0)]


def test_by_keys_a_selection_grows_is_set_aside_and_put_back(page: Page, folder: Path) -> None:
    page.keyboard.press("j")
    page.keyboard.press("p")
    page.keyboard.press("Shift+ArrowRight")
    count(page, "2 pictures selected")
    page.keyboard.press("o")
    say(page, "2 pictures set aside as not sure")
    page.keyboard.press("u")
    expect(page.locator("#tiles li.unsure")).to_have_count(2)
    page.locator("#tiles li.unsure .check").first.click()
    page.keyboard.press("r")
    expect(page.locator("#tiles li.unsure")).to_have_count(1)
    assert len(saved(folder).edits.placed) == 1


def test_all_like_one_are_selected(page: Page) -> None:
    page.locator(CUPS).click()
    page.locator("#tiles .file", has_text="cup").first.hover()
    page.locator("#tiles li", has_text="cup").first.locator(".check").click()
    page.keyboard.press("a")
    count(page, "4 pictures selected")
    names = page.locator("#tiles li.selected .file").all_text_contents()
    assert {name[:3] for name in names} == {"cup"}


def test_by_touch_a_long_press_selects_and_taps_go_on(browser: Browser, served_page: Served, folder: Path) -> None:
    with tab(browser, device="phone") as page:
        enter(page, served_page)
        first = page.locator("#tiles .picture").first
        first.scroll_into_view_if_needed()
        box = first.bounding_box()
        assert box is not None
        touch = page.context.new_cdp_session(page)
        point = {"x": box["x"] + 30, "y": box["y"] + 60}
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        count(page, "1 picture selected")
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.locator("#tiles .picture").nth(1).tap()
        count(page, "2 pictures selected")
        page.get_by_role("button", name="Remove", exact=True).tap()
        expect(page.locator("#tiles li.out")).to_have_count(2)
        assert len(saved(folder).edits.excluded) == 2


def test_two_groups_become_one_with_the_names_that_hold(page: Page, folder: Path) -> None:
    page.fill("#name", "boat,")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.type("group 1")
    page.keyboard.press("Enter")
    expect(page.locator("#merge-dialog")).to_contain_text("Which names hold for all?")
    expect(page.get_by_role("checkbox", name="boat")).not_to_be_checked()
    page.get_by_role("checkbox", name="boat").check()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator(".group-item")).to_have_count(3)
    assert list(saved(folder).labels.values()) == [("boat",)]


def test_questions_are_answered_by_one_key(page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.page.view._ASKED_WITHIN", 100)
    page.keyboard.press("q")
    expect(page.locator("#questions-dialog .sides")).to_be_visible()
    first = page.locator("#questions-title").text_content() or ""
    page.keyboard.press("n")
    expect(page.locator("#saved")).to_have_text("Saved")
    edits = saved(folder).edits
    assert bool(edits.apart) == first.startswith("Are these")
    assert bool(edits.excluded) == first.startswith("Does this")


def test_groups_are_found_by_name_and_by_file(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("MUG")
    expect(page.locator(".group-item:not(.unnamed), .group-item[data-group='2']")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Group 2, unnamed")
