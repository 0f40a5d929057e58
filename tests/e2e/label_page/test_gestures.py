"""Pictures selected and put elsewhere: by mouse, by keys and by touch."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import enter, forget_who_moved, saved, say
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
    expect(page.locator("#chips li")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.keyboard.press("p")
    page.keyboard.press("Space")
    count(page, "1 picture selected")
    page.keyboard.press("m")
    page.keyboard.type("A LA")
    expect(page.locator("#choose-list li").first).to_contain_text("Bœuf à la mode")
    page.keyboard.press("Enter")
    say(page, "odd.png moved to “Bœuf à la mode”")
    assert [(entry.picture, entry.cluster) for entry in saved(folder).edits.placed] == [("odd.png", 0)]


def test_the_name_of_the_group_that_pictures_leave_is_not_offered_for_a_new_one(page: Page, folder: Path) -> None:
    page.locator(APPLES).click()
    page.fill("#name", "fruit,")
    page.keyboard.press("Escape")
    page.locator("#groups [data-group='0']").click()
    page.fill("#name", "fruit salad,")
    page.keyboard.press("Escape")
    page.locator(APPLES).click()
    page.keyboard.press("p")
    page.keyboard.press("Space")
    page.keyboard.press("m")
    page.keyboard.type("Fruit")
    expect(page.locator("#choose-list li")).to_have_count(0)
    expect(page.get_by_text("No other group is called that")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type(" s")
    expect(page.locator("#choose-list li").first).to_contain_text("fruit salad")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("moved to “fruit salad”")
    assert sorted(saved(folder).labels.values()) == [("fruit",), ("fruit salad",)]


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


def test_by_mouse_a_rectangle_selects_what_it_touches(page: Page) -> None:
    page.locator(APPLES).click()
    tiles = page.locator("#tiles .picture")
    first, second = tiles.nth(0).bounding_box(), tiles.nth(1).bounding_box()
    assert first is not None
    assert second is not None
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(second["x"] + 30, second["y"] + 40, steps=5)
    count(page, "2 pictures selected")
    page.mouse.up()
    count(page, "2 pictures selected")
    expect(page.locator("#lightbox")).to_be_hidden()
    tiles.nth(0).click()
    count(page, "1 picture selected")


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


def test_two_groups_are_said_to_be_different_by_one_key(
    page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.page.proposing._SAME_WITHIN", 100)
    page.keyboard.press("q")
    expect(page.locator("#questions-title")).to_have_text("Are these the same?")
    page.keyboard.press("n")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert len(saved(folder).edits.apart) == 1


def strays(page: Page, folder: Path) -> None:
    """Two apples among the cups."""
    page.locator(APPLES).click()
    tiles = page.locator("#tiles .picture")
    tiles.nth(0).click(modifiers=["Control"])
    tiles.nth(1).click(modifiers=["Control"])
    page.keyboard.press("m")
    page.keyboard.type("group 2")
    page.locator("#choose-list li", has_text="Group 2").first.click()
    say(page, "2 pictures moved to group 2")
    forget_who_moved(page, folder)


def test_pictures_asked_about_are_chosen_by_clicks_and_kept_by_a_key(page: Page, folder: Path) -> None:
    strays(page, folder)
    page.keyboard.press("q")
    expect(page.locator("#questions-title")).to_contain_text("belong to Group 1")
    candidates = page.locator(".candidate[aria-pressed='true']")
    expect(candidates).to_have_count(2)
    candidates.first.click()
    expect(page.get_by_role("button", name="Yes, these 1")).to_be_visible()
    page.keyboard.press("y")
    expect(page.locator("#saved")).to_have_text("Saved")
    expect(page.locator(f"{APPLES} .count")).to_have_text("4")
    assert len(saved(folder).edits.excluded) >= 1


def test_odd_pictures_come_first_and_a_digit_moves_them(page: Page, folder: Path) -> None:
    strays(page, folder)
    page.locator(CUPS).click()
    page.keyboard.press("w")
    expect(page.locator("#odd-first")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#tiles .file").first).to_contain_text("apple")
    page.locator("#tiles .check").nth(0).click()
    page.locator("#tiles .check").nth(1).click(modifiers=["Shift"])
    expect(page.locator("#act-targets button").first).to_contain_text("Group 1")
    page.keyboard.press("1")
    say(page, "2 pictures moved to group 1")
    expect(page.locator(f"{APPLES} .count")).to_have_text("5")


def test_groups_are_found_by_name_and_by_file(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("MUG")
    expect(page.locator(".group-item:not(.unnamed), .group-item[data-group='2']")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Group 2, unnamed")
