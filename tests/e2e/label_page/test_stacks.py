"""Copies of a picture are one tile, which opens; what is done to it is done to as many pictures as it says."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.accessibility import needs_axe, serious_findings
from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.hand import Hand
from tests.e2e.label_page.looking import enter, saved, say
from tests.training.galleries import draw, train_pictures
from tests.training.page.pages import Served

pytestmark = [pytest.mark.slow, needs_chromium]

APPLES, CUPS = 1, 2
STACK, OPEN = "#tiles li.stack", "#tiles li.unstacked"
ALL = "apple0 again.png and 3 copies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of apple0 there are four: three that nothing tells apart, and one that was changed a little."""
    folder = train_pictures(tmp_path / "models")
    pictures = tmp_path / "pictures"
    for name in ("again", "once more"):
        draw(1, 0).save(pictures / f"apple0 {name}.png")
    Image.blend(draw(1, 0), draw(1, 4), 0.2).save(pictures / "apple0 small.png")
    return folder


def test_a_stack_opens_and_closes(hand: Hand) -> None:
    page = hand.page
    hand.go(APPLES)
    expect(page.locator("#facts")).to_have_text("8 pictures, 5 different")
    expect(page.locator("#tiles > li")).to_have_count(5)
    copies = page.locator(".copies:visible")
    expect(copies).to_have_text("4 copies")
    hand.press(copies)
    expect(page.locator("#tiles > li")).to_have_count(8)
    expect(page.locator(OPEN)).to_have_count(4)
    expect(copies).to_have_text(["1 of 4 copies", "2 of 4 copies", "3 of 4 copies", "4 of 4 copies"])
    hand.press(copies.nth(2))
    expect(page.locator("#tiles > li")).to_have_count(5)
    expect(copies).to_have_text("4 copies")


def place_of(tile: Locator) -> int:
    """Of all pictures, from 1."""
    return int(tile.get_attribute("aria-posinset") or 0)


def test_a_closed_stack_is_selected_and_removed_as_a_whole(hand: Hand, folder: Path) -> None:
    page = hand.page
    hand.go(APPLES)
    hand.select(place_of(page.locator(STACK)) - 1)
    hand.count("4 pictures selected")
    hand.button("Remove")
    say(page, f"{ALL} removed from group 1")
    expect(page.locator("#tiles li.out.stack .copies")).to_have_text("4 copies")
    expect(page.locator("#facts")).to_contain_text("4 pictures · 4 removed")
    assert len(saved(folder).edits.excluded) == 2
    hand.button("Undo")
    expect(page.locator("#facts")).to_have_text("8 pictures, 5 different")


def test_in_an_open_stack_a_picture_goes_alone(hand: Hand, folder: Path) -> None:
    page = hand.page
    hand.go(APPLES)
    hand.press(page.locator(".copies:visible"))
    tile = page.locator(OPEN, has_text="small")
    hand.select(place_of(tile) - 1)
    hand.count("1 picture selected")
    hand.button("Not sure")
    say(page, "apple0 small.png set aside as not sure: unclustered now")
    expect(page.locator(OPEN)).to_have_count(3)
    assert [entry.picture for entry in saved(folder).edits.placed] == ["apple0 small.png"]


def test_pictures_that_nothing_tells_apart_are_seen_to_go_together(hand: Hand) -> None:
    page = hand.page
    hand.go(APPLES)
    hand.press(page.locator(".copies:visible"))
    tile = page.locator(OPEN, has_text="once more")
    hand.select(place_of(tile) - 1)
    hand.count("3 pictures selected")
    expect(page.locator("#tiles li.selected")).to_have_count(3)
    expect(page.locator("#tiles li.selected", has_text="small")).to_have_count(0)


def to_the_stack(page: Page) -> None:
    page.locator(f'[data-group="{APPLES}"]').click()
    place = place_of(page.locator(STACK))
    page.keyboard.press("p")
    for _ in range(place - 1):
        page.keyboard.press("ArrowRight")


def test_by_keys_a_stack_opens_closes_and_moves(page: Page, folder: Path) -> None:
    to_the_stack(page)
    page.keyboard.press("c")
    expect(page.locator(OPEN)).to_have_count(4)
    expect(page.locator(OPEN).first.locator(".picture")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    expect(page.locator(f"{STACK} .picture")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#act-count")).to_have_text("4 pictures selected")
    page.keyboard.press("m")
    expect(page.locator("#choose-title")).to_have_text("Move 4 pictures")
    page.keyboard.type("group 2")
    page.keyboard.press("Enter")
    say(page, f"{ALL} moved to group 2")
    page.keyboard.press("p")
    page.keyboard.press("c")
    say(page, "No stack of copies has the focus: P goes to the pictures, arrow keys move")


def test_a_range_and_a_part_of_a_stack(page: Page) -> None:
    page.locator(f'[data-group="{APPLES}"]').click()
    page.locator("#tiles .check").first.click()
    page.locator("#tiles .check").last.click(modifiers=["Shift"])
    expect(page.locator("#act-count")).to_have_text("8 pictures selected")
    page.keyboard.press("Escape")
    page.locator(".copies:visible").click()
    page.locator(OPEN, has_text="small").locator(".check").click()
    page.locator(".copies:visible").first.click()
    check = page.locator(f"{STACK} .check")
    expect(check).to_have_attribute("aria-pressed", "mixed")
    check.click()
    expect(page.locator("#act-count")).to_have_text("4 pictures selected")
    check.click()
    expect(page.locator("#acting")).to_be_hidden()


def test_enlarged_a_stack_is_one_picture_that_is_removed_and_put_back(page: Page, folder: Path) -> None:
    to_the_stack(page)
    page.keyboard.press("Enter")
    about = page.locator("#lightbox .about")
    expect(about).to_contain_text("4 copies")
    about.get_by_role("button", name="Remove 4 copies").click()
    say(page, f"{ALL} removed from group 1")
    about.get_by_role("button", name="Put back 4 copies").click()
    say(page, f"{ALL} put back")
    assert saved(folder).edits.excluded == ()
    page.keyboard.press("ArrowRight")
    expect(about).not_to_contain_text("4 copies")


def test_until_copies_are_found_each_picture_has_a_tile_of_its_own(browser: Browser, served_page: Served) -> None:
    held: list[Route] = []
    with tab(browser) as page:
        page.route("**/api/stacks", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks its handlers)
        enter(page, served_page)
        page.locator(f'[data-group="{APPLES}"]').click()
        expect(page.locator("#tiles > li")).to_have_count(8)
        page.locator("#tiles .check").first.click()
        held.pop().continue_()
        expect(page.locator("#tiles > li")).to_have_count(5)
        expect(page.locator("#act-count")).to_have_text("1 picture selected")


@needs_axe
def test_axe_core_finds_nothing_serious(page: Page) -> None:
    to_the_stack(page)
    assert serious_findings(page) == []
    page.keyboard.press("c")
    expect(page.locator(OPEN)).to_have_count(4)
    assert serious_findings(page) == []
