"""What can be done to pictures and groups can be done by mouse and by touch alike."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import needs_chromium
from tests.e2e.label_page.hand import Hand
from tests.e2e.label_page.looking import forget_who_moved, saved, say

pytestmark = [pytest.mark.slow, needs_chromium]

BOATS, APPLES, CUPS = 0, 1, 2


def pictures_of(folder: Path, cluster: int) -> int:
    """How many pictures a person put into a group."""
    edits = saved(folder).edits
    return [*edits.core.values(), *(entry.cluster for entry in edits.placed)].count(cluster)


def test_a_range_is_selected_and_moved_to_the_group_that_is_chosen(hand: Hand, folder: Path) -> None:
    hand.go(APPLES)
    hand.select(0)
    hand.select(2, up_to=True)
    hand.count("3 pictures selected")
    hand.press(hand.page.locator("#tiles .picture").nth(1))
    hand.count("2 pictures selected")
    hand.button("Move…")
    hand.press(hand.page.locator("#choose-list li", has_text="Group 2"))
    say(hand.page, "2 pictures moved to group 2")
    assert pictures_of(folder, CUPS) == 2


def test_unclustered_pictures_become_a_group_of_their_own(hand: Hand, folder: Path) -> None:
    hand.go(-1)
    hand.select(0)
    hand.button("Move…")
    hand.page.locator("#choose-input").fill("kite")
    hand.press(hand.page.locator("#choose-list li", has_text="New group"))
    say(hand.page, "odd.png moved to “kite”")
    assert saved(folder).labels == {3: ("kite",)}


def test_the_last_picture_is_not_behind_the_bar(hand: Hand) -> None:
    hand.go(CUPS)
    hand.select(0)
    expect(hand.page.locator("#act-targets button").first).to_be_visible()
    hand.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last, bar = hand.page.locator("#tiles > li").last.bounding_box(), hand.page.locator("#acting").bounding_box()
    assert last is not None
    assert bar is not None
    assert last["y"] + last["height"] <= bar["y"]


def test_a_likely_group_is_one_press_away(hand: Hand, folder: Path) -> None:
    hand.go(APPLES)
    hand.select(0)
    hand.press(hand.page.locator("#act-targets button").first)
    expect(hand.page.locator("#acting")).to_be_hidden()
    assert saved(folder).edits.core


def test_pictures_are_removed_put_back_and_the_last_step_is_undone(hand: Hand, folder: Path) -> None:
    hand.go(APPLES)
    hand.select(0)
    hand.button("Remove")
    expect(hand.page.locator("#tiles li.out")).to_have_count(1)
    hand.select(4)
    hand.button("Put back")
    expect(hand.page.locator("#tiles li.out")).to_have_count(0)
    assert saved(folder).edits.excluded == ()
    hand.button("Undo")
    expect(hand.page.locator("#tiles li.out")).to_have_count(1)


def test_similar_pictures_are_selected_and_set_aside(hand: Hand, folder: Path) -> None:
    hand.go(APPLES)
    hand.select(0)
    hand.button("All like this")
    hand.count("5 pictures selected")
    hand.button("Not sure")
    say(hand.page, "5 pictures set aside as not sure")
    assert len(saved(folder).edits.placed) == 5


def test_a_group_is_split_into_as_many_parts_as_wanted(hand: Hand, folder: Path) -> None:
    hand.go(CUPS)
    hand.button("Split…")
    hand.button("More parts")
    hand.button("Fewer parts")
    hand.button("Name part 1 cup")
    expect(hand.page.get_by_label("Name of part 1")).to_have_value("cup")
    hand.page.get_by_label("Name of part 2").fill("beaker")
    hand.button("Keep this split")
    expect(hand.page.locator("#split-dialog")).to_be_hidden()
    expect(hand.page.locator("#toast")).to_be_visible()
    assert saved(folder).labels == {3: ("cup",), 4: ("beaker",)}
    assert saved(folder).edits.decided == (3, 4)


def test_two_groups_are_merged(hand: Hand, folder: Path) -> None:
    hand.page.fill("#name", "boat,")
    hand.button("Merge…")
    hand.press(hand.page.locator("#choose-list li", has_text="Group 1"))
    hand.press(hand.page.get_by_role("checkbox", name="boat"))
    hand.button("Merge")
    expect(hand.page.locator(".group-item")).to_have_count(3)
    assert list(saved(folder).labels.values()) == [("boat",)]


def test_questions_are_answered(hand: Hand, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.page.proposing._SAME_WITHIN", 100)
    dialog = hand.page.locator("#questions-dialog")
    pair = dialog.locator(".sides")
    hand.button("Questions")
    first = pair.inner_text()
    hand.press(dialog.get_by_role("button", name="Later"))
    expect(pair).not_to_have_text(first, use_inner_text=True)
    second = pair.inner_text()
    hand.press(dialog.get_by_role("button", name="No"))
    expect(pair).not_to_have_text(second, use_inner_text=True)
    assert len(saved(folder).edits.apart) == 1
    hand.press(dialog.get_by_role("button", name="Yes"))
    expect(hand.page.locator(".group-item")).to_have_count(3)


def test_of_the_pictures_asked_about_those_that_belong_are_chosen(hand: Hand, folder: Path) -> None:
    hand.go(APPLES)
    hand.select(0)
    hand.select(1, up_to=True)
    hand.button("Move…")
    hand.press(hand.page.locator("#choose-list li", has_text="Group 2"))
    say(hand.page, "2 pictures moved to group 2")
    forget_who_moved(hand.page, folder)
    hand.button("Questions")
    chosen = hand.page.locator(".candidate[aria-pressed='true']")
    expect(chosen).to_have_count(2)
    hand.press(chosen.first)
    hand.press(hand.page.get_by_role("button", name="Yes, these 1"))
    expect(hand.page.locator(f'[data-group="{APPLES}"] .count')).to_have_text("4")
    assert len(saved(folder).edits.excluded) >= 1


def test_a_name_is_given_and_taken_back(hand: Hand, folder: Path) -> None:
    hand.page.fill("#name", "boat,")
    hand.press(hand.page.get_by_role("button", name="Remove boat"))
    expect(hand.page.locator("#chips li")).to_have_count(0)
    hand.button("Not a group")
    expect(hand.page.locator("#main")).to_have_class("struck")
    assert (saved(folder).labels, saved(folder).not_groups) == ({}, (BOATS,))
