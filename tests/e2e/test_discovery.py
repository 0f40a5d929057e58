"""A kind that nobody trained on: indexed, proposed, accepted on the page, published; words find it without a run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from infra.search.clients import Clients
from infra.search.queries import Question, ask
from infra.search.runs import last_run
from infra.search.settings import load_search_settings
from local.browser import chromium
from local.processes import PROJECT
from local.search.stack import start_stack
from tests.bundles import link_graph
from tests.e2e.browser import needs_chromium, tab

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.xdist_group("search chain")]

KNOWN = {"closed_book_01.jpg": ["closed book"], "book_shelf_01.jpg": ["book shelf"]}


def command(settings: Mapping[str, str], *arguments: str) -> str:
    """Run a command as a person does; its stdout."""
    finished = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.args
    return finished.stdout


@contextmanager
def naming_page(settings: Mapping[str, str], model: Path) -> Generator[str]:
    """Its link."""
    with subprocess.Popen(
        [sys.executable, "-m", "training", "label", str(model), "--no-browser"],
        cwd=PROJECT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    ) as page:
        assert page.stdout is not None
        try:
            yield page.stdout.readline().strip()
        finally:
            page.terminate()


def found(clients: Clients, words: str) -> list[str]:
    fields = clients.indexes.get_index(clients.index).fields
    return sorted(hit.file_name for hit in ask(clients.documents, fields, Question(words, top=1000)).hits)


def test_words_find_a_kind_that_came_later(tmp_path: Path, graph: Path) -> None:
    every = PROJECT / "data" / "train"
    later = sorted(path.name for path in every.glob("open_book_*.jpg"))
    known, names = tmp_path / "known", tmp_path / "names.json"
    shutil.copytree(every, known, ignore=lambda _, files: later)
    names.write_text(json.dumps(KNOWN))
    link_graph(graph, tmp_path / "models")
    model = tmp_path / "models" / "met"
    command({}, "training", "train", str(known), "--name", "met", "--out", str(model.parent), "--labels", str(names))

    with start_stack(model) as settings:
        command(settings, "infra.search", "upload", str(every))
        command(settings, "infra.search", "deploy")
        command(settings, "infra.search", "run")
        given = {name.lower(): value for name, value in settings.items() if value}
        with Clients(load_search_settings(given)) as clients:
            assert found(clients, "open book") == []
            before = last_run(clients)

            answer = command(settings, "training", "discover", str(model), "--index", "--json")
            proposed: dict[str, list[str]] = json.loads(answer)["proposed"]
            members = sorted(name for pictures in proposed.values() for name in pictures)
            assert set(members) <= set(later)
            assert len(members) > 0.8 * len(later)
            with naming_page(settings, model) as link, chromium() as browser, tab(browser) as page:
                page.goto(link)
                for group in proposed:
                    page.locator(f'[data-group="{group}"]').click()
                    expect(page.locator("#proposed")).to_contain_text("in no group so far, from http")
                    page.fill("#name", "open book,")
                    expect(page.locator("#proposed")).to_be_hidden()
            command(settings, "infra.search", "publish", str(model))

            assert found(clients, "open book") == members
            assert last_run(clients) == before
