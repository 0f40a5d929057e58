"""The naming page in a real browser: somebody looks, types and clicks, and the files and the model follow."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.bundle import LABELS, Labels, read_bundle, write_labels
from tests.conftest import encode
from tests.e2e.browser import chromium, needs_chromium, tab
from tests.training.galleries import HOSTILE, draw, open_plainly, train_pictures
from tests.training.page.pages import Served, served

pytestmark = [pytest.mark.slow, needs_chromium]

PATIENCE = 30_000
REFUSED = ("the server responded with a status of 4",)


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as browser:
        expect.set_options(timeout=PATIENCE)
        yield browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Groups: 0 boats (one of them called by hostile markup), 1 apples, 2 cups and mugs."""
    return train_pictures(tmp_path / "models")


@pytest.fixture
def served_page(folder: Path) -> Generator[Served]:
    with served(open_plainly(folder)) as page:
        yield page


@pytest.fixture
def page(browser: Browser, served_page: Served) -> Generator[Page]:
    with tab(browser, expected=REFUSED) as page:
        yield enter(page, served_page)


def enter(page: Page, served_page: Served) -> Page:
    page.goto(served_page.link)
    expect(page.locator("body.ready")).to_be_visible()
    return page


def saved(folder: Path) -> Labels:
    return read_bundle(folder).labels


def say(page: Page, text: str) -> None:
    expect(page.locator("#toast")).to_have_text(text)


def chips(page: Page) -> list[str]:
    return page.locator("#chips bdi").all_text_contents()


class TestNaming:
    def test_all_groups_are_named_without_the_mouse(self, page: Page, folder: Path) -> None:
        expect(page.locator("#progress-text")).to_have_text("0 of 3 named")
        page.keyboard.press("e")
        page.keyboard.type("boat")
        page.keyboard.press("Enter")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("#title")).to_have_text("Group 1, unnamed")
        page.keyboard.type("apple, fruit,")
        expect(page.locator("#chips li")).to_have_count(2)
        page.keyboard.press("Enter")
        expect(page.locator("#title")).to_have_text("Group 2, unnamed")
        page.keyboard.type("cup")
        page.keyboard.press("Enter")
        expect(page.locator("#progress-text")).to_have_text("All 3 named")
        expect(page.locator("#saved")).to_have_text("Saved")
        assert saved(folder).labels == {0: ("boat",), 1: ("apple", "fruit"), 2: ("cup",)}

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

    def test_a_name_left_in_the_field_belongs_to_the_group_it_was_typed_for(self, page: Page, folder: Path) -> None:
        page.locator("#name").press_sequentially("boat")
        page.locator('[data-group="1"]').click()
        expect(page.locator("#title")).to_have_text("Group 1, unnamed")
        say(page, "Group 0 named “boat”")
        assert saved(folder).labels == {0: ("boat",)}

    def test_two_groups_of_one_name_stay_two(self, page: Page, folder: Path) -> None:
        page.fill("#name", "thing,")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.fill("#name", "thing,")
        expect(page.locator(".note", has_text="2 groups share this name")).to_have_count(2)
        assert saved(folder).labels == {0: ("thing",), 1: ("thing",)}

    def test_only_what_is_unnamed_is_listed_if_wanted(self, page: Page) -> None:
        page.fill("#name", "boat,")
        expect(page.locator("#show-unnamed")).to_have_text("Unnamed 2")
        page.locator('[data-group="1"]').click()
        page.click("#show-unnamed")
        expect(page.locator(".group-item")).to_have_count(3)  # the unclustered pictures among them
        expect(page.locator('[data-group="0"]')).to_have_count(0)

    def test_markup_in_names_is_text(self, page: Page, folder: Path) -> None:
        for name in (HOSTILE, "<script>alert(1)</script>", "</title>"):
            page.fill("#name", name)
            page.keyboard.press("Enter")
        expect(page.locator("#chips li")).to_have_count(3)
        assert chips(page) == [HOSTILE, "<script>alert(1)</script>", "</title>"]
        assert page.title() == "(2) shapes: name the groups"
        assert page.locator("#tiles .file", has_text="onerror").count() == 1


class TestUndo:
    def test_every_change_is_taken_back_and_done_again(self, page: Page, folder: Path) -> None:
        before = saved(folder)
        page.fill("#name", "boat,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("x")
        say(page, "“boat” marked as no group: its pictures answer as unclustered")
        changed = saved(folder)
        page.keyboard.press("Control+z")
        say(page, "Undone: “boat” marked as no group: its pictures answer as unclustered")
        page.click("#undo")
        say(page, "Undone: Group 0 named “boat”")
        assert saved(folder) == before
        page.keyboard.press("Control+y")
        say(page, "Done again: Group 0 named “boat”")
        page.click("#redo")
        say(page, "Done again: “boat” marked as no group: its pictures answer as unclustered")
        assert saved(folder) == changed
        expect(page.locator("#redo")).to_have_attribute("aria-disabled", "true")


class TestGroups:
    def test_what_is_no_group_answers_as_unclustered(self, page: Page, folder: Path, served_page: Served) -> None:
        page.get_by_role("button", name="Not a group").click()
        expect(page.locator(".group-item.struck")).to_have_count(1)
        expect(page.locator("#progress-text")).to_have_text("0 of 2 named")
        assert saved(folder).not_groups == (0,)
        page.get_by_role("button", name="It is a group").click()
        expect(page.locator(".group-item.struck")).to_have_count(0)
        assert saved(folder).not_groups == ()

    def test_a_group_of_two_things_is_split_once_it_was_seen(self, page: Page, folder: Path) -> None:
        page.locator('[data-group="2"]').click()
        page.fill("#name", "cup,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        parts = page.locator("#split-dialog .part")
        expect(parts).to_have_count(2)
        assert {name[:3] for name in parts.nth(0).locator("img").evaluate_all("all => all.map(each => each.alt)")} == {
            "cup"
        }
        assert {name[:3] for name in parts.nth(1).locator("img").evaluate_all("all => all.map(each => each.alt)")} == {
            "mug"
        }
        assert saved(folder).edits.eps == {}
        page.get_by_role("button", name="Keep this split").click()
        say(page, "“cup” split into 2")
        expect(page.locator("#title")).to_have_text("Group 3: cup")
        expect(page.locator(".group-item")).to_have_count(5)
        assert saved(folder).labels == {3: ("cup",), 4: ("cup",)}
        page.keyboard.press("Control+z")
        expect(page.locator(".group-item")).to_have_count(4)
        expect(page.locator("#title")).to_have_text("Group 2: cup")
        assert saved(folder).edits.eps == {}

    def test_a_split_that_was_not_kept_changes_nothing(self, page: Page, folder: Path) -> None:
        before = (folder / LABELS).read_bytes()
        page.locator('[data-group="2"]').click()
        page.get_by_role("button", name="Split…").click()
        expect(page.locator("#split-dialog .part")).to_have_count(2)
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("#split-dialog")).not_to_be_visible()
        assert (folder / LABELS).read_bytes() == before

    def test_a_group_that_stays_together_says_so(self, page: Page) -> None:
        page.keyboard.press("j")
        page.keyboard.press("s")
        expect(page.locator("#split-dialog")).to_contain_text("does not come apart")

    def test_a_picture_is_taken_out_and_put_back_by_keys(self, page: Page, folder: Path) -> None:
        page.keyboard.press("j")
        page.keyboard.press("p")
        page.keyboard.press("ArrowRight")
        second = page.locator("#tiles li").nth(1).locator(".file").text_content()
        page.keyboard.press("t")
        say(page, f"{second} taken out of group 1: unclustered now")
        expect(page.locator("#facts")).to_contain_text("4 pictures")
        expect(page.locator("#facts")).to_contain_text("1 taken out")
        expect(page.locator("#tiles li").last.locator(".mark")).to_have_text("taken out")
        expect(page.locator("#tiles li").nth(1).locator(".picture")).to_be_focused()
        assert [(out.picture, out.clusters) for out in saved(folder).edits.taken_out] == [(second, (1,))]
        page.keyboard.press("End")
        page.keyboard.press("t")
        say(page, f"{second} put back: in group 1 again")
        expect(page.locator("#facts")).to_contain_text("5 pictures")
        assert saved(folder).edits.taken_out == ()

    def test_a_picture_taken_out_gets_the_names_no_more(self, page: Page, folder: Path) -> None:
        page.locator('[data-group="1"]').click()
        page.fill("#name", "apple,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        first = page.locator("#tiles li").first
        taken = first.locator(".file").text_content() or ""
        first.hover()
        first.locator(".out").click()
        say(page, f"{taken} taken out of “apple”: unclustered now")
        content = (folder.parents[1] / "pictures" / taken).read_bytes()
        page.keyboard.press("d")
        page.set_input_files("#try-file", {"name": taken, "mimeType": "image/png", "buffer": content})
        expect(page.locator(".verdict")).to_have_text("Unclustered")
        page.keyboard.press("Escape")
        page.keyboard.press("u")
        tile = page.locator("#tiles li.out")
        expect(tile.locator(".file")).to_have_text(taken)
        tile.get_by_role("button", name="Put back").click()
        say(page, f"{taken} put back: in “apple” again")
        page.click("#undo")
        say(page, f"Undone: {taken} put back: in “apple” again")
        expect(page.locator("#tiles li.out")).to_have_count(1)

    def test_pictures_are_taken_out_one_after_another_as_they_are_looked_at(self, page: Page) -> None:
        page.keyboard.press("j")
        order = page.locator("#tiles .file").all_text_contents()
        page.keyboard.press("p")
        page.keyboard.press("Enter")
        shown = page.locator("#look-dialog .file")
        for name in order[:2]:
            expect(shown).to_have_text(name)
            page.keyboard.press("t")
            expect(page.locator("#look-dialog")).to_contain_text("Unclustered · taken out of Group 1")
            page.keyboard.press("ArrowRight")
        expect(shown).to_have_text(order[2])

    def test_a_group_without_core_samples_is_gone_and_comes_back(self, page: Page, folder: Path) -> None:
        for left in (3, 2, 1):
            page.locator("#tiles li:not(.out)").first.hover()
            page.locator("#tiles li:not(.out) .out").first.click()
            expect(page.locator("#tiles li:not(.out)")).to_have_count(left)
            expect(page.locator("#tiles li.out")).to_have_count(4 - left)
        page.locator("#tiles li:not(.out)").first.hover()
        page.locator("#tiles li:not(.out) .out").first.click()
        expect(page.locator(".group-item")).to_have_count(3)
        expect(page.locator("#title")).to_have_text("Group 1, unnamed")
        page.keyboard.press("u")
        expect(page.locator("#tiles li")).to_have_count(5)
        page.keyboard.press("Control+z")
        expect(page.locator(".group-item")).to_have_count(4)
        assert len(saved(folder).edits.taken_out) == 3

    def test_a_picture_is_seen_large_and_left_by_escape(self, page: Page) -> None:
        page.keyboard.press("p")
        first = page.locator("#tiles .file").first.text_content()
        page.keyboard.press("Enter")
        expect(page.locator("#look-dialog .file")).to_have_text(first or "")
        expect(page.locator("#look-dialog img")).to_have_js_property("naturalWidth", 96)
        page.keyboard.press("ArrowRight")
        expect(page.locator("#look-dialog .file")).not_to_have_text(first or "")
        page.keyboard.press("Escape")
        expect(page.locator("#tiles li").nth(1).locator(".picture")).to_be_focused()


class TestTrying:
    def test_a_chosen_picture_gets_its_group_and_names(self, page: Page) -> None:
        page.locator('[data-group="1"]').click()
        page.fill("#name", "apple,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("d")
        page.set_input_files("#try-file", {"name": "a.png", "mimeType": "image/png", "buffer": encode(draw(1, 99))})
        expect(page.locator(".verdict")).to_have_text("apple")
        expect(page.locator(".tried dl")).to_contain_text("of at most 0.150")
        expect(page.locator(".alike li")).to_have_count(6)
        page.keyboard.press("Escape")
        expect(page.locator("#try-dialog")).not_to_be_visible()

    def test_a_dropped_picture_may_be_in_no_group_or_none_at_all(self, page: Page, tmp_path: Path) -> None:
        drop(page, "strange.png", encode(draw(33, 0)))
        expect(page.locator(".verdict")).to_have_text("Unclustered")
        drop(page, HOSTILE, b"no picture")
        expect(page.locator(".answer .problem")).to_have_text(f"{HOSTILE}: it is not a picture in any known format")


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file onto the page, as from the desktop."""
    page.evaluate(
        """([name, content]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(content)], name));
            window.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        [name, list(content)],
    )


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

    def test_when_the_file_is_changed_beneath(self, page: Page, folder: Path) -> None:
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
            expect(page.locator("#trouble")).to_contain_text("does not answer")
            assert page.input_value("#name") == "boat"


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
        expect(page.locator("#help-dialog")).to_contain_text("Next group without a name")
        page.get_by_label("Shortcuts of a single key").uncheck()
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
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert len(backgrounds) == 2

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
            page.get_by_role("button", name="Take out").tap()
            expect(page.locator("#look-dialog .about")).to_contain_text("taken out of Group 1")


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
