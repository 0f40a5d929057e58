"""Chromium, driven by hand: what a person types and clicks. The tests that need it say so where it is not installed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

from local.browser import CHROMIUM

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None,
    reason="NOT RUN: there is no Chromium, so nothing was tried in a browser (Debian: apt-get install chromium)",
)

# Several test runs may share two cores.
_TIMEOUT_MILLISECONDS = 30_000

_SIZES = {"desktop": (1280, 860), "phone": (390, 780)}


@contextmanager
def tab(
    browser: Browser,
    *,
    device: Literal["desktop", "phone"] = "desktop",
    colours: Literal["light", "dark"] = "light",
    offline: bool = False,
    expected: tuple[str, ...] = (),
) -> Generator[Page]:
    """A tab of its own profile. Fails when the page reports an error (but for `expected` ones) or opens a dialog."""
    width, height = _SIZES[device]
    phone = device == "phone"
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=colours,
        offline=offline,
        is_mobile=phone,
        has_touch=phone,
    )
    context.set_default_timeout(_TIMEOUT_MILLISECONDS)
    wrong: list[str] = []

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(text in message.text for text in expected):
            wrong.append(message.text)

    page = context.new_page()
    page.on("console", listen)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", refuse)
    try:
        yield page
    finally:
        context.close()
    assert not wrong
