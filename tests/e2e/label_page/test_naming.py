"""Somebody looks, types and clicks, and the names follow: in the files, and in the report."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shared.model.bundle import LABELS
from tests.e2e.browser import needs_chromium
from tests.e2e.label_page.looking import chips, saved, say
from tests.training.galleries import HOSTILE

pytestmark = needs_chromium


class TestNaming:
    def test_all_groups_are_named_without_the_mouse(self, page: Page, folder: Path) -> None:
        expect(page.locator("#progress-text")).to_have_text("0 of 18 pictures named, 0 of 3 groups")
        page.keyboard.press("e")
        page.keyboard.type("boat")
        page.keyboard.press("Enter")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("#title")).to_have_text("Group 2, unnamed")
        page.keyboard.type("cup")
        page.keyboard.press("Enter")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("#title")).to_have_text("Group 1, unnamed")
        page.keyboard.type("apple, fruit,")
        expect(page.locator("#chips li")).to_have_count(2)
        expect(page.locator("#progress-text")).to_have_text("17 of 18 pictures named")
        expect(page.locator("#saved")).to_have_text("Saved")
        assert saved(folder).labels == {0: ("boat",), 1: ("apple", "fruit"), 2: ("cup",)}

    def test_a_suggested_name_is_taken_by_one_key_and_never_unasked(self, page: Page, folder: Path) -> None:
        page.get_by_role("button", name="Name this group boat").press("Enter")
        expect(page.locator("#chips bdi")).to_have_text(["boat"])
        expect(page.locator("#name")).to_be_focused()
        expect(page.locator("#suggested")).to_be_hidden()
        assert saved(folder).labels == {0: ("boat",)}
        page.keyboard.press("Control+z")
        expect(page.locator("#suggested button")).to_have_text(["boat"])
        assert saved(folder).labels == {}
        page.locator('[data-group="2"]').click()
        expect(page.locator("#suggested button")).to_have_text(["cup", "mug"])
        page.locator("#suggested button", has_text="mug").click()
        expect(page.locator("#suggested button")).to_have_text(["cup"])
        assert saved(folder).labels == {2: ("mug",)}

    @pytest.mark.slow
    def test_a_name_that_differs_in_case_or_accents_only_is_offered_in_the_known_spelling(
        self, page: Page, folder: Path
    ) -> None:
        page.fill("#name", "Café,")
        expect(page.locator("#chips li")).to_have_count(1)
        for spelling in ("CAFE", "cafe"):
            page.keyboard.press("Escape")
            page.keyboard.press("j")
            page.fill("#name", spelling)
            page.keyboard.press("Enter")
            expect(page.locator("#name")).to_have_value("Café")
            say(page, "“Café” is a name already: Enter takes it; type yours again to keep it")
            assert len(saved(folder).labels) == (1 if spelling == "CAFE" else 2)
            if spelling == "cafe":
                page.fill("#name", spelling)
            page.keyboard.press("Enter")
            expect(page.locator("#chips li")).to_have_count(1)
        assert saved(folder).labels == {0: ("Café",), 1: ("Café",), 2: ("cafe",)}

    @pytest.mark.slow
    def test_a_name_is_removed_by_its_button_or_by_backspace(self, page: Page, folder: Path) -> None:
        page.fill("#name", "boat, ship, vessel")
        expect(page.locator("#chips li")).to_have_count(3)
        page.get_by_role("button", name="Remove ship").click()
        expect(page.locator("#chips li")).to_have_count(2)
        page.focus("#name")
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        expect(page.locator("#chips li")).to_have_count(1)
        assert saved(folder).labels == {0: ("boat",)}

    @pytest.mark.slow
    def test_a_name_left_in_the_field_belongs_to_the_group_it_was_typed_for(self, page: Page, folder: Path) -> None:
        page.locator("#name").press_sequentially("boat")
        page.locator('[data-group="1"]').click()
        expect(page.locator("#title")).to_have_text("Group 1, unnamed")
        say(page, "Group 0 named “boat”")
        assert saved(folder).labels == {0: ("boat",)}

    @pytest.mark.slow
    def test_two_groups_of_one_name_stay_two(self, page: Page, folder: Path) -> None:
        page.fill("#name", "thing,")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.fill("#name", "thing,")
        expect(page.locator(".note", has_text="2 groups share this name")).to_have_count(2)
        assert saved(folder).labels == {0: ("thing",), 1: ("thing",)}

    @pytest.mark.slow
    def test_only_what_is_unnamed_is_listed_if_wanted(self, page: Page) -> None:
        page.fill("#name", "boat,")
        expect(page.locator("#show-unnamed")).to_have_text("Unnamed 2")
        page.locator('[data-group="1"]').click()
        page.click("#show-unnamed")
        expect(page.locator(".group-item")).to_have_count(3)  # the unclustered pictures among them
        expect(page.locator('[data-group="0"]')).to_have_count(0)

    @pytest.mark.slow
    def test_markup_in_names_is_text(self, page: Page, folder: Path) -> None:
        for name in (HOSTILE, "<script>alert(1)</script>", "</title>"):
            page.fill("#name", name)
            page.keyboard.press("Enter")
        expect(page.locator("#chips li")).to_have_count(3)
        assert chips(page) == [HOSTILE, "<script>alert(1)</script>", "</title>"]
        assert page.title() == "(2) shapes: name the groups"
        assert page.locator("#tiles .file", has_text="onerror").count() == 1


def test_the_report_in_the_browser_has_the_name_just_given(page: Page, folder: Path) -> None:
    page.fill("#name", "ferry,")
    expect(page.locator("#chips li")).to_have_count(1)
    with page.expect_popup() as opening:
        page.get_by_role("link", name="Report").click()
    report = opening.value
    expect(report.locator("#g0-title")).to_contain_text("ferry")
    report.locator("#map").focus()
    report.keyboard.press("ArrowRight")
    expect(report.locator("#tip img")).to_be_visible()
    assert json.loads((folder / LABELS).read_bytes())["labels"] == {"0": ["ferry"]}
