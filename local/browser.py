"""Chromium under control, for pictures of the pages and for tests in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from shared.errors import UserError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""The browser's program; None where it is not installed."""

# No sandbox: this may run as root, as in a container. Nothing but the project's own pages is opened.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class NoBrowserError(UserError):
    """The browser is not installed."""


@contextmanager
def chromium() -> Generator[Browser]:
    """A running browser. Raises NoBrowserError."""
    if CHROMIUM is None:
        raise NoBrowserError("there is no Chromium on the PATH; install it first (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
