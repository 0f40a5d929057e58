"""Groups that were found among unclustered pictures: a person looks at them and says what they are."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import needs_chromium
from tests.e2e.label_page.looking import saved, say
from tests.training.galleries import propose_stars, train_pictures

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Group 3 is proposed; its pictures are in another folder."""
    folder = train_pictures(tmp_path / "models")
    propose_stars(folder)
    return folder


def look(page: Page) -> None:
    page.locator('[data-group="3"]').click()
    expect(page.locator("#title")).to_have_text("Group 3, unnamed")


def test_it_is_shown_with_its_pictures_and_what_speaks_for_it(page: Page, folder: Path) -> None:
    expect(page.locator('[data-group="3"] .note')).to_have_text("proposed")
    look(page)
    box = page.locator("#proposed")
    expect(box).to_contain_text(f"4 pictures in no group so far, from {folder.parents[1] / 'stars'}, more alike than")
    expect(box).to_contain_text("of 3 groups. Nearest is Group")
    expect(page.locator("#tiles img")).to_have_count(4)
    assert page.locator("#tiles img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_a_name_accepts_it_and_undo_proposes_it_again(page: Page, folder: Path) -> None:
    look(page)
    page.fill("#name", "star,")
    say(page, "Group 3 named “star”")
    expect(page.locator("#proposed")).to_be_hidden()
    assert (saved(folder).labels, saved(folder).proposed) == ({3: ("star",)}, ())
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#proposed")).to_be_visible()
    assert (saved(folder).labels, saved(folder).proposed) == ({}, (3,))


def test_it_is_accepted_joined_or_turned_down_by_a_button(page: Page, folder: Path) -> None:
    look(page)
    page.get_by_role("button", name="Accept").click()
    say(page, "Group 3 is a group now")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#proposed")).to_be_visible()
    page.get_by_role("button", name="Not a group").click()
    expect(page.locator('[data-group="3"].struck')).to_have_count(1)
    assert (saved(folder).not_groups, saved(folder).proposed) == ((3,), ())
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Join").click()
    expect(page.locator('[data-group="3"]')).to_have_count(0)
    assert saved(folder).proposed == ()
