"""The service as a process and over time: one run at a time, histories, data that outlive it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from infra.search.pictures import upload
from infra.search.runs import history, last_run
from local.processes import PROJECT
from local.search.process import start_search
from local.search.service import Service
from tests.local.search.deployments import KEY, deployed, draw, draw_groups, found, index, settings
from tests.local.search.skill_server import Reply, Value, honest, serve_skill


def test_one_run_at_a_time(tmp_path: Path) -> None:
    release = threading.Event()

    def waiting(values: list[Value]) -> Reply:
        release.wait(10)
        return honest(values)

    with serve_skill() as skill, deployed(settings(skill.url), draw_groups(tmp_path / "a", each=1)) as clients:
        name = f"{clients.index}-indexer"
        draw(tmp_path / "b" / "new.jpg", "open_book")
        upload(clients.images, tmp_path / "b")
        skill.answer = waiting
        clients.indexers.run_indexer(name)
        try:
            with pytest.raises(HttpResponseError, match="currently in progress"):
                clients.indexers.run_indexer(name)
            with pytest.raises(HttpResponseError, match="can't be reset"):
                clients.indexers.reset_indexer(name)
            latest = last_run(clients)
            assert latest is not None
            assert latest.status == "inProgress"
        finally:
            release.set()
        assert index(clients).processed == 0  # after waiting for the other one
        assert [run.processed for run in history(clients)] == [0, 1, 0, 3]


@pytest.mark.slow
def test_data_outlive_the_service(tmp_path: Path) -> None:
    data = tmp_path / "search.sqlite"
    with serve_skill() as skill:
        with start_search(data=data) as search:
            of = settings(skill.url, search_endpoint=search.url, search_key="any")
            with deployed(of, draw_groups(tmp_path / "a", each=1)) as clients:
                assert found(clients, "open") == ["open_book_0.jpg"]
        skill.requests.clear()
        with start_search(data=data) as search:
            of = of.model_copy(update={"search_endpoint": search.url})
            with deployed(of) as clients:
                assert found(clients, "open") == ["open_book_0.jpg"]
    assert sum(map(len, skill.requests)) == 1  # deploy's own: nothing had changed, so nothing was read again


def test_a_run_interrupted_by_a_restart_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("local.search.indexer.Run.execute", broken)
    service = Service()
    service.put(
        "datasources",
        "d",
        {"name": "d", "type": "azureblob", "credentials": {"connectionString": "x"}, "container": {"name": "c"}},
    )
    service.put("indexes", "i", {"name": "i", "fields": [{"name": "id", "type": "Edm.String", "key": True}]})
    service.put("indexers", "r", {"name": "r", "dataSourceName": "d", "targetIndexName": "i"})
    service._threads.shutdown()  # pyright: ignore[reportPrivateUsage] - waits for the run
    assert service.status("r")["lastResult"]["errorMessage"] == "The stand-in broke: RuntimeError('on purpose')"
    service.close()


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "local.search", "--port", port]
        finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert f"can't listen on port {port}" in finished.stderr


def test_introduces_itself_as_a_stand_in() -> None:
    with start_search(key=KEY) as search:
        assert "not a search engine" in search.log_text()
        assert search.stop() == 0
