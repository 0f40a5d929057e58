"""Groups that are none, are split, or lose a picture, and pictures tried on what comes of it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.model.bundle import LABELS, write_labels
from tests.conftest import encode
from tests.e2e.browser import needs_chromium, tab
from tests.e2e.label_page.looking import REFUSED, enter, saved, say
from tests.training.galleries import HOSTILE, draw, open_plainly
from tests.training.page.pages import Served, served
from training.page.document import Document
from training.page.edits import Remove

pytestmark = [pytest.mark.slow, needs_chromium]


class TestGroups:
    def test_what_is_no_group_answers_as_unclustered(self, page: Page, folder: Path, served_page: Served) -> None:
        page.get_by_role("button", name="Not a group").click()
        expect(page.locator(".group-item.struck")).to_have_count(1)
        expect(page.locator("#progress-text")).to_have_text("0 of 18 pictures named, 0 of 2 groups")
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

    def test_a_split_has_more_and_fewer_parts_which_are_named_where_they_stand(self, page: Page, folder: Path) -> None:
        page.locator('[data-group="2"]').click()
        page.keyboard.press("s")
        parts = page.locator("#split-dialog .part")
        expect(parts).to_have_count(2)
        page.get_by_role("button", name="More parts").click()
        expect(parts).to_have_count(3)
        page.keyboard.press("6")
        expect(parts).to_have_count(6)
        page.keyboard.press("3")
        page.get_by_role("button", name="Fewer parts").click()
        page.get_by_label("Name of part 1").fill("cup")
        page.get_by_label("Name of part 2").fill("mug")
        page.get_by_role("button", name="Keep this split").click()
        say(page, "Group 2 split into 2")
        assert saved(folder).labels == {3: ("cup",), 4: ("mug",)}

    def test_parts_are_named_by_keys_and_a_name_that_is_refused_can_be_corrected(
        self, browser: Browser, served_page: Served, folder: Path
    ) -> None:
        with tab(browser, expected=REFUSED) as page:
            enter(page, served_page).locator('[data-group="2"]').click()
            page.keyboard.press("s")
            page.get_by_label("Name of part 1").fill("cup")
            page.keyboard.press("Enter")
            page.keyboard.type("m" * 101)
            page.keyboard.press("Enter")
            page.keyboard.press("Enter")
            expect(page.locator("#toast")).to_contain_text("has 101 characters")
            expect(page.get_by_label("Name of part 1")).to_have_value("cup")
            page.get_by_label("Name of part 2").fill("mug")
            page.keyboard.press("Enter")
            page.keyboard.press("Enter")
            expect(page.locator("#split-dialog")).not_to_be_visible()
        assert saved(folder).labels == {3: ("cup",), 4: ("mug",)}

    def test_a_split_is_shown_again_where_something_changed_while_it_was_looked_at(
        self, page: Page, folder: Path
    ) -> None:
        page.locator('[data-group="2"]').click()
        page.keyboard.press("s")
        expect(page.locator("#split-dialog .part")).to_have_count(2)
        write_labels(folder, saved(folder).model_copy(update={"labels": {2: ("china",)}}))
        expect(page.locator("#chips bdi")).to_have_text("china")
        page.get_by_role("button", name="Keep this split").click()
        say(page, "Something changed since this split was shown: look at it again")
        expect(page.locator("#split-title")).to_have_text("Split china")
        page.get_by_role("button", name="Keep this split").click()
        expect(page.locator("#split-dialog")).not_to_be_visible()
        assert saved(folder).labels == {3: ("china",), 4: ("china",)}

    def test_a_picture_is_removed_and_put_back_by_keys(self, page: Page, folder: Path) -> None:
        page.keyboard.press("j")
        page.keyboard.press("p")
        page.keyboard.press("ArrowRight")
        second = page.locator("#tiles li").nth(1).locator(".file").text_content()
        page.keyboard.press("r")
        say(page, f"{second} removed from group 1: unclustered now")
        expect(page.locator("#facts")).to_contain_text("4 pictures")
        expect(page.locator("#facts")).to_contain_text("1 removed")
        expect(page.locator("#tiles li").last.locator(".mark")).to_have_text("removed")
        expect(page.locator("#tiles li").nth(1).locator(".picture")).to_be_focused()
        assert [(out.picture, out.clusters) for out in saved(folder).edits.excluded] == [(second, (1,))]
        page.keyboard.press("End")
        page.keyboard.press("r")
        say(page, f"{second} put back: in group 1 again")
        expect(page.locator("#facts")).to_contain_text("5 pictures")
        assert saved(folder).edits.excluded == ()

    def test_a_removed_picture_gets_the_names_no_more(self, page: Page, folder: Path) -> None:
        page.locator('[data-group="1"]').click()
        page.fill("#name", "apple,")
        expect(page.locator("#chips li")).to_have_count(1)
        page.keyboard.press("Escape")
        first = page.locator("#tiles li").first
        taken = first.locator(".file").text_content() or ""
        first.hover()
        first.locator(".out").click()
        say(page, f"{taken} removed from “apple”: unclustered now")
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

    def test_pictures_are_removed_one_after_another_as_they_are_looked_at(self, page: Page) -> None:
        page.keyboard.press("j")
        page.keyboard.press("p")
        page.keyboard.press("Enter")
        shown, first = page.locator("#lightbox-name"), page.locator("#tiles .file").first
        for count in (1, 2):
            expect(shown).to_have_text(first.text_content() or "")
            page.keyboard.press("r")
            expect(page.locator("#tiles li.out")).to_have_count(count)
            expect(page.locator("#lightbox")).to_contain_text("Unclustered · removed from Group 1")
            page.keyboard.press("ArrowRight")
        expect(shown).to_have_text(first.text_content() or "")

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
        assert len(saved(folder).edits.excluded) == 3

    def test_a_picture_is_seen_large_and_left_by_escape(self, page: Page) -> None:
        page.keyboard.press("p")
        first = page.locator("#tiles .file").first.text_content()
        page.keyboard.press("Enter")
        expect(page.locator("#lightbox-name")).to_have_text(first or "")
        expect(page.locator("#lightbox img")).to_have_js_property("naturalWidth", 96)
        page.keyboard.press("ArrowRight")
        expect(page.locator("#lightbox-name")).not_to_have_text(first or "")
        page.keyboard.press("Escape")
        expect(page.locator("#tiles li").nth(1).locator(".picture")).to_be_focused()


def test_files_deleted_meanwhile_are_told_and_stand_for_no_group(browser: Browser, folder: Path) -> None:
    with served(open_plainly(folder)) as page_of_all, tab(browser, expected=REFUSED) as page:
        enter(page, page_of_all)
        first = page.locator("#tiles .picture img").first.get_attribute("alt") or ""
        (folder.parents[1] / "pictures" / first).unlink()
        page.reload()
        expect(page.locator("#tiles li.unreadable")).to_have_count(1)
        cover = page.locator('[data-group="0"] img')
        expect(cover).not_to_have_js_property("naturalWidth", 0)
        page.get_by_role("button", name="Merge").click()
        expect(page.locator("dialog[open] img").first).not_to_have_js_property("naturalWidth", 0)


def test_a_removed_picture_whose_file_is_gone_is_named_and_put_back(browser: Browser, folder: Path) -> None:
    gallery = open_plainly(folder)
    document = Document(gallery, lambda labels, version, grouping: None)
    document.change(Remove(op="remove", pictures=(gallery.names.index(HOSTILE),)), document.snapshot().digest)
    (folder.parents[1] / "pictures" / HOSTILE).unlink()
    with served(open_plainly(folder)) as incomplete, tab(browser) as page:
        enter(page, incomplete)
        missing = page.locator("#missing li")
        expect(missing).to_contain_text("removed from Group 0; not among the pictures any more")
        expect(missing.locator(".file")).to_have_text(HOSTILE)
        expect(page.locator("#facts")).to_contain_text("1 removed")
        page.keyboard.press("j")
        expect(missing).to_have_count(0)
        page.keyboard.press("u")
        missing.get_by_role("button", name="Put back").click()
        say(page, f"{HOSTILE} put back: pictures like it may be in group 0 again")
        expect(missing).to_have_count(0)
        assert saved(folder).edits.excluded == ()
        page.click("#undo")
        expect(missing).to_have_count(1)


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
