"""A small model, its naming page, and a browser that looks at it."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.browser import chromium
from tests.e2e.browser import tab
from tests.e2e.label_page.hand import Hand
from tests.e2e.label_page.looking import REFUSED, enter
from tests.training.galleries import open_plainly, train_pictures
from tests.training.page.pages import Served, served

TIMEOUT = 30_000


@pytest.fixture(scope="package")
def browser() -> Generator[Browser]:
    with chromium() as browser:
        expect.set_options(timeout=TIMEOUT)
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


@pytest.fixture(params=["mouse", "touch"])
def hand(browser: Browser, served_page: Served, request: pytest.FixtureRequest) -> Generator[Hand]:
    with tab(browser, device="phone" if request.param == "touch" else "desktop") as page:
        yield Hand(enter(page, served_page), request.param)
