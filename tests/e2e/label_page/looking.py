"""What a person sees on the naming page, and what is in the files then."""

from pathlib import Path

from playwright.sync_api import Page, expect

from shared.model.bundle import Labels, read_bundle, write_labels
from tests.training.page.pages import Served

REFUSED = ("the server responded with a status of 4",)


def enter(page: Page, served_page: Served) -> Page:
    # Groups in the order of their numbers, which the tests know; a person sees the largest first.
    page.add_init_script("localStorage.getItem('label-order') ?? localStorage.setItem('label-order', 'number')")
    page.goto(served_page.link)
    expect(page.locator("body.ready")).to_be_visible()
    return page


def saved(folder: Path) -> Labels:
    return read_bundle(folder).labels


def forget_who_moved(page: Page, folder: Path) -> None:
    """What was moved is where it is though nobody put it there, as a split or a training may have it."""
    labels = saved(folder)
    write_labels(folder, labels.model_copy(update={"edits": labels.edits.model_copy(update={"by_hand": ()})}))
    page.reload()
    expect(page.locator("body.ready")).to_be_visible()


def say(page: Page, text: str) -> None:
    expect(page.locator("#toast")).to_have_text(text)


def chips(page: Page) -> list[str]:
    return page.locator("#chips bdi").all_text_contents()
