"""The whole chain as real processes: Azurite, the Function in Microsoft's worker, search; words find the pictures."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.gaps import held
from infra.search.pictures import mark_deleted, purge, upload
from infra.search.queries import Answer, Question, ask
from infra.search.runs import Run, last_run, reset, run
from infra.search.settings import load_search_settings
from infra.search.status import read_status
from local.processes import PROJECT, RunningHost, start_host
from tests.local.search.deployments import KEY, shared_search
from tests.stores import azurite_place, shared_azurite

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("search chain")]

MODEL = PROJECT / "models" / "books"
PICTURES = PROJECT / "data"
GROUPS = {"open_book": "open book", "closed_book": "closed book", "book_shelf": "book shelf"}


@dataclass
class Chain:
    """Everything that runs, and what the commands need to know of it."""

    host: RunningHost
    host_env: dict[str, str]
    env: dict[str, str]
    clients: Clients
    folder: Path
    """Its pictures: the sample's, train and test."""

    def command(self, *arguments: str, **changed: str) -> str:
        """Run a command as a person does, with changed settings if any; its stdout."""
        command = [sys.executable, "-m", *arguments]
        finished = subprocess.run(
            command, cwd=PROJECT, env={**os.environ, **self.env, **changed}, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def ask(self, words: str = "*", **question: object) -> Answer:
        fields = self.clients.indexes.get_index(self.clients.index).fields
        return ask(self.clients.documents, fields, Question(words, top=1000, **question))  # pyright: ignore[reportArgumentType]

    def names(self, words: str, **question: object) -> list[str]:
        """Which pictures are found, by their paths in the container, sorted."""
        root = f"{self.clients.images.url}/"
        return sorted(hit.url.removeprefix(root) for hit in self.ask(words, **question).hits)

    def all(self, kind: str) -> list[str]:
        """The pictures of one kind, by their paths."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob(f"{kind}_*.jpg"))

    def index(self, *, retry: bool = True) -> Run:
        return list(run(self.clients, retry=retry, poll=0.1))[-1]

    def take_out(self, *names: str) -> None:
        """Take pictures out of the index and then out of the container."""
        mark_deleted(self.clients.images, names)
        self.index()
        assert sorted(purge(self.clients.images, held(self.clients.images, self.clients.documents))) == sorted(names)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Generator[Chain]:
    azurite = shared_azurite()
    store = azurite_place(azurite).env() | {"MODEL_NAME": MODEL.name}
    token, key = secrets.token_hex(4), secrets.token_urlsafe(16)
    folder = tmp_path_factory.mktemp("search") / "pictures"
    for part in ("train", "test"):
        shutil.copytree(PICTURES / part, folder / part)
    publish = [sys.executable, "-m", "training", "publish", str(MODEL)]
    subprocess.run(publish, cwd=PROJECT, env={**os.environ, **store}, capture_output=True, check=True)
    host_env = {**store, "KEY": key, "RETURN_VECTOR": "true"}
    host = start_host(PROJECT, env=host_env)
    env = {
        **store,
        "SEARCH_ENDPOINT": shared_search().url,
        "SEARCH_KEY": KEY,
        "SEARCH_NAME_PREFIX": f"e2e-{token}",
        "SEARCH_VECTOR": "true",
        "SKILL_URL": f"{host.url}/api/extraction",
        "SKILL_KEY": key,
        "STORAGE_CONNECTION": azurite.connection_string,
        "IMAGES_CONTAINER": f"images-{token}",
    }
    settings = load_search_settings({name.lower(): value for name, value in env.items()})
    with Clients(settings) as clients:
        chain = Chain(host, host_env, env, clients, folder)
        try:
            chain.command("infra.search", "upload", str(folder))
            chain.command("infra.search", "deploy")
            chain.command("infra.search", "run")
            yield chain
        finally:
            chain.host.stop()


@pytest.mark.parametrize("kind", GROUPS)
def test_words_find_every_picture_of_a_group_and_no_other(kind: str, chain: Chain) -> None:
    assert chain.names(GROUPS[kind]) == chain.all(kind)


def test_the_command_prints_a_line_a_hit(chain: Chain) -> None:
    lines = [line.split("\t") for line in chain.command("infra.search", "query", "open book").splitlines()]
    assert [line[:2] for line in lines] == [["hit", "open book"]] * len(chain.all("open_book"))
    assert all(line[2].startswith("open_book_") and "open book" in line[3] for line in lines)


def test_any_word_would_find_the_other_groups_too(chain: Chain) -> None:
    everything = sorted(name for kind in GROUPS for name in chain.all(kind))
    assert chain.names("open book", mode="any") == everything


def test_odd_pictures_have_no_names(chain: Chain) -> None:
    found = {
        document["file_name"]: document for document in chain.clients.documents.search("*", filter="cluster_id eq -1")
    }
    assert {name.rpartition("/")[2] for name in chain.all("odd")} == found.keys()
    assert all(document["label"] == [] for document in found.values())


def test_more_like_a_bookshelf_are_bookshelves(chain: Chain) -> None:
    shelves = chain.all("book_shelf")
    first = next(hit for hit in chain.ask("book shelf").hits)
    alike = [hit.file_name for hit in chain.ask(like=first.id).hits]
    assert all(name.startswith("book_shelf_") for name in alike[: len(shelves) - 1])
    by_file = ask(
        chain.clients.documents,
        chain.clients.indexes.get_index(chain.clients.index).fields,
        Question(like="book_shelf_01.jpg", top=3),
    )
    assert [hit.file_name[:10] for hit in by_file.hits] == ["book_shelf"] * 3


def test_adding_changing_and_removing_pictures(chain: Chain, tmp_path: Path) -> None:
    assert chain.index().processed == 0
    more = tmp_path / "more"
    (more / "test").mkdir(parents=True)
    open_book, shelf = chain.folder / chain.all("open_book")[0], chain.folder / chain.all("book_shelf")[0]
    shutil.copy(open_book, more / "added.jpg")
    shutil.copy(shelf, more / "test" / "open_book_01.jpg")
    upload(chain.clients.images, more)
    mark_deleted(chain.clients.images, ["test/open_book_02.jpg"])
    try:
        done = chain.index()
        assert (done.processed, done.failed) == (3, 0)
        expected = {*chain.all("open_book"), "added.jpg"} - {"test/open_book_01.jpg", "test/open_book_02.jpg"}
        assert set(chain.names("open book")) == expected
        assert "test/open_book_01.jpg" in chain.names("book shelf")
    finally:
        upload(chain.clients.images, chain.folder)
        chain.take_out("added.jpg")
    assert chain.names("open book") == chain.all("open_book")


def test_a_broken_picture_is_reported_and_loses_nothing_else(chain: Chain, tmp_path: Path) -> None:
    whole = (chain.folder / chain.all("open_book")[0]).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    shutil.copy(chain.folder / chain.all("open_book")[0], tmp_path / "whole.jpg")
    upload(chain.clients.images, tmp_path)
    try:
        done = chain.index()
        assert [finding.file_name for finding in done.findings] == ["cut.jpg"]
        assert "whole.jpg" in chain.names("open book")
        assert [finding.file_name for finding in read_status(chain.clients).missing] == ["cut.jpg"]
    finally:
        chain.take_out("cut.jpg", "whole.jpg")


def test_new_names_change_answers_without_a_run(chain: Chain, tmp_path: Path) -> None:
    before = last_run(chain.clients)
    # A store beside the one that the Function follows, so that only `relabel` brings the new names.
    shutil.copytree(MODEL, tmp_path / MODEL.name)
    labels = tmp_path / MODEL.name / "labels.json"
    labels.write_text(labels.read_text().replace('"open book"', '"atlas"'))
    chain.command("infra.search", "relabel", MODEL_STORE=str(tmp_path))
    assert chain.names("atlas") == chain.all("open_book")
    assert chain.names("open book") == []
    assert last_run(chain.clients) == before
    chain.command("infra.search", "relabel")
    assert chain.names("open book") == chain.all("open_book")


def test_the_function_is_killed_in_the_middle_of_a_run(chain: Chain) -> None:
    reset(chain.clients)
    runs: list[Run] = []
    thread = threading.Thread(target=lambda: runs.append(chain.index(retry=False)))
    thread.start()
    _wait(lambda: _now(chain).processed > 0)
    chain.host.process.kill()
    chain.host.stop()
    _wait(lambda: _now(chain).failed > 0)
    chain.host = start_host(PROJECT, port=chain.host.port, env=chain.host_env)
    thread.join()
    (interrupted,) = runs
    assert interrupted.processed == sum(1 for _ in chain.folder.rglob("*.jpg"))
    assert interrupted.failed == len(interrupted.failed_documents)
    assert all("Could not execute skill" in finding.what for finding in interrupted.findings)
    again = chain.index()
    assert (again.processed, again.failed) == (interrupted.failed, 0)
    assert read_status(chain.clients).missing == []
    for kind, words in GROUPS.items():
        assert chain.names(words) == chain.all(kind)


def _now(chain: Chain) -> Run:
    latest = last_run(chain.clients)
    return latest if latest and latest.status == "inProgress" else Run("", None, 0, 0)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
