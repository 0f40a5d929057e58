"""Runs: waiting for the own one, findings by document, runs that fail as a whole or never start."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.deploy import deploy
from infra.search.pictures import upload
from infra.search.retrying import RetryDeadline
from infra.search.runs import Finding, Run, RunError, history, last_run, reset, run
from local.search.process import start_search
from tests.local.search.deployments import draw, index, settings
from tests.local.search.skill_server import Reply, SkillServer, Value, honest


def test_waits_for_a_run_in_progress_and_reports_it_too(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    release = threading.Event()

    def waiting(values: list[Value]) -> Reply:
        release.wait(10)
        return honest(values)

    draw(tmp_path / "more" / "new.jpg", "open_book")
    upload(clients.images, tmp_path / "more")
    skill.answer = waiting
    clients.indexers.run_indexer(f"{clients.index}-indexer")

    def watch(now: Run) -> None:
        if now.status == "inProgress":
            release.set()

    runs = list(run(clients, watch=watch, poll=0.05))
    assert [finished.processed for finished in runs] == [1, 0]
    assert release.is_set()


def test_a_reset_is_not_a_run(clients: Clients) -> None:
    before = history(clients)
    reset(clients)
    assert history(clients) == before
    assert index(clients, retry=False).processed == 9


def test_a_run_that_never_starts_is_an_error(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.search.runs._STARTS_WITHIN_SECONDS", 0.1)
    monkeypatch.setattr(clients.indexers, "run_indexer", lambda name: None)  # pyright: ignore[reportUnknownLambdaType]
    with pytest.raises(RunError, match="was asked to run and has not"):
        list(run(clients, poll=0.02))


def test_waits_for_a_run_that_the_service_queues(skill: SkillServer, pictures: Path) -> None:
    with start_search(delay=0.3) as search:
        of = settings(skill.url, search_endpoint=search.url, search_key="any", search_schedule="never")
        with Clients(of) as clients:
            upload(clients.images, pictures)
            deploy(clients, RetryDeadline(10, print, pause=0.05), print)
            assert last_run(clients) is None, "the first run is queued"
            waited: list[None] = []
            own = list(run(clients, queued=lambda: waited.append(None), poll=0.05))[-1]
            assert waited
            assert own.processed == 0, "the first run, which nobody waited for, was another one"
            assert [past.processed for past in history(clients)] == [0, 9]


def test_the_first_run_of_an_indexer_that_was_made_disabled(clients: Clients) -> None:
    name = f"{clients.index}-indexer"
    indexer = clients.indexers.get_indexer(name)
    clients.indexers.delete_indexer(name)
    indexer.is_disabled = True
    clients.indexers.create_or_update_indexer(indexer)
    assert last_run(clients) is None
    assert index(clients).processed == 9


def test_findings_have_file_names() -> None:
    url = "https://a.blob.core.windows.net/images/a%20folder/%C3%B6.jpg"
    assert Finding(url, "", "", is_error=True).file_name == "ö.jpg"
    assert Finding("(no document)", "", "", is_error=True).file_name == "(no document)"
