"""`python -m local.screenshots`: the README's pictures of the naming page and of a search, from the sample data.

They are taken in Chromium, in light and dark, and made small: flat colours and thumbnails do with a palette.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer
from PIL import Image
from playwright.sync_api import Browser, Page

from infra.search.clients import Clients
from infra.search.settings import load_search_settings
from local.browser import chromium
from local.processes import PROJECT, ManagedProcess, ProcessFailedError
from local.search.page import serve_page
from local.search.stack import search_command, start_stack
from shared.command_line.console import command_line, console, errors_in_words, escape

# CSS pixels. A page of GitHub shows them at most 830 wide, larger on a click.
_NAMING_SIZE = (1200, 760)
_SEARCH_SIZE = (1000, 600)
_TILE = "180"
_COLOURS = 128
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_WORDS = "open book"
# Pictures are loaded when they come into view, and decoded after that.
_ALL_SHOWN = """() => [...document.images].every(image => image.complete
    || image.getBoundingClientRect().top > innerHeight)"""
_MODEL = PROJECT / "models" / "books"
_DATA = PROJECT / "data"


app = command_line()


@app.command()
def main(
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = PROJECT / "docs" / "images",
) -> None:
    """Take pictures of the naming page and of a search."""
    out.mkdir(parents=True, exist_ok=True)
    with errors_in_words(), chromium() as browser:
        _naming_page(browser, out)
        _search_page(browser, out)


def _naming_page(browser: Browser, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # The page saves what is done on it: it gets a model of its own.
        model = Path(folder) / _MODEL.name
        shutil.copytree(_MODEL, model)
        command = [sys.executable, "-m", "training", "label", model, "--no-browser", "--pictures", _DATA / "train"]
        with ManagedProcess(command, ready="Ctrl+C", cwd=PROJECT, timeout=300) as page:
            link = re.search(r"http://\S+token=\S+", page.log_text())
            if link is None:
                raise ProcessFailedError(f"the naming page printed no link:\n{page.log_text()}")
            _take(browser, link[0], _NAMING_SIZE, out / "naming", _open_group)


def _search_page(browser: Browser, out: Path) -> None:
    with start_stack(_MODEL) as settings:
        for arguments in (("upload", str(_DATA / "test")), ("deploy",), ("run",)):
            search_command(settings, *arguments)
        given = {name.lower(): value for name, value in settings.items() if value}
        with Clients(load_search_settings(given)) as clients, serve_page(clients) as link:
            _take(browser, link, _SEARCH_SIZE, out / "search", _ask)


def _open_group(page: Page) -> None:
    page.locator("body.ready").wait_for()
    page.get_by_role("navigation", name="Groups").get_by_text(_WORDS).first.click()
    page.locator("#size").fill(_TILE)
    page.get_by_role("list", name="Pictures of this group").get_by_role("img").first.wait_for()


def _ask(page: Page) -> None:
    page.get_by_role("searchbox").fill(_WORDS)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="pictures").wait_for()


def _take(browser: Browser, link: str, size: tuple[int, int], stem: Path, arrange: Callable[[Page], None]) -> None:
    """Save what a page shows, once it is arranged, as <stem>-light.png and <stem>-dark.png."""
    width, height = size
    for scheme in _SCHEMES:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.goto(link)
        arrange(page)
        page.wait_for_function(_ALL_SHOWN)
        path = stem.with_name(f"{stem.name}-{scheme}.png")
        _save(page.screenshot(animations="disabled", caret="hide"), path)
        context.close()
        console.print(f"{escape(str(path))}: {path.stat().st_size // 1000} kB")


def _save(screenshot: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(screenshot)) as opened:
        small = opened.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    app(prog_name="python -m local.screenshots")
