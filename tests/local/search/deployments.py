"""A whole chain to test against: Azurite, the stand-in for search, and a skill; each test under names of its own."""

from __future__ import annotations

import atexit
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from infra.search.clients import Clients
from infra.search.deploy import deploy
from infra.search.pictures import upload
from infra.search.retrying import RetryDeadline
from infra.search.runs import Run, run
from infra.search.settings import SearchSettings, load_search_settings
from local.search.process import RunningSearch, start_search
from tests.stores import shared_azurite

KEY = "the admin key"
COLOURS = {"open_book": (200, 40, 40), "closed_book": (40, 200, 40), "book_shelf": (40, 40, 200)}


@cache
def shared_search() -> RunningSearch:
    """One stand-in for all tests of this run."""
    search = start_search(key=KEY)
    atexit.register(search.stop)
    return search


def settings(skill_url: str, **given: Any) -> SearchSettings:
    """Settings of a deployment that nobody else has."""
    token = secrets.token_hex(6)
    return load_search_settings(
        {
            "search_endpoint": shared_search().url,
            "search_key": KEY,
            "search_name_prefix": f"test-{token}",
            "skill_url": skill_url,
            "storage_connection": shared_azurite().connection_string,
            "images_container": f"images-{token}",
        }
        | given
    )


def environment(of: SearchSettings) -> dict[str, str]:
    """The same settings as environment variables."""
    return {name.upper(): of.need(name) for name, value in of if value is not None}


def draw(path: Path, group: str, shade: int = 0) -> Path:
    """A picture that the test skill puts into this group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = tuple(part + shade for part in COLOURS[group])
    Image.new("RGB", (80, 60), colour).save(path, quality=95)
    return path


def draw_groups(folder: Path, each: int = 3) -> Path:
    """Some pictures of every group, named after it."""
    for group in COLOURS:
        for number in range(each):
            draw(folder / f"{group}_{number}.jpg", group, shade=number * 8)
    return folder


@contextmanager
def deployed(of: SearchSettings, pictures: Path | None = None) -> Generator[Clients]:
    """Upload, deploy and wait for the first run."""
    with Clients(of) as clients:
        if pictures:
            upload(clients.images, pictures)
        deploy(clients, RetryDeadline(10, print, pause=0.05), print)
        index(clients, retry=False)
        yield clients


def index(clients: Clients, *, retry: bool = True) -> Run:
    """Run the indexer; the own run."""
    return list(run(clients, retry=retry, poll=0.05))[-1]


def found(clients: Clients, words: str) -> list[str]:
    """File names of what all of the words find, sorted."""
    return sorted(hit["file_name"] for hit in clients.documents.search(words, search_mode="all", top=1000))
