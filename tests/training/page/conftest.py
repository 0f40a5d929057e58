"""Naming pages for the tests in this folder."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.training.galleries import open_plainly, train_pictures
from tests.training.page.pages import Served, served
from training.gallery.gallery import Gallery


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return train_pictures(tmp_path / "models")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """For edits that are not saved."""
    return open_plainly(train_pictures(tmp_path_factory.mktemp("shapes") / "models"))


@pytest.fixture
def page(folder: Path) -> Generator[Served]:
    with served(open_plainly(folder)) as page:
        yield page


@pytest.fixture
def client(page: Served) -> Generator[httpx.Client]:
    """A client that has opened the link."""
    with page.client(enters=True) as client:
        yield client
