"""What was measured of the real Functions host, fact by fact, done by the local one."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from benchmarks.measuring import memory
from local.processes import RunningHost, start_host
from tests.conftest import PROJECT
from tests.local.apps import ENVIRONMENT, GATE, write_app, write_function
from tests.local.hosts import Serve

DIES = """
import os, pathlib, time

def main(req):
    while "file" in req.params and not pathlib.Path(req.params["file"]).exists():
        time.sleep(0.01)
    os.kill(os.getpid(), 9)
"""
THREADS = """
import threading, time

def main(req):
    with lock:
        running.append(1)
        most[0] = max(most[0], len(running))
    time.sleep(0.3)
    with lock:
        running.pop()
    return str(most[0])

lock, running, most = threading.Lock(), [], [0]
"""
LOGS = """
import logging, threading

def main(req):
    logging.warning("inside an invocation")
    thread = threading.Thread(target=logging.warning, args=["outside every invocation"])
    thread.start()
    thread.join()
    return "logged"
"""


def app_with(folder: Path, *, host: dict[str, object] | None = None, **functions: str) -> Path:
    app = write_app(folder / "app", host=host)
    (app / "shared").mkdir()
    (app / "shared" / "__init__.py").touch()
    for name, code in functions.items():
        write_function(app, name, code)
    write_function(app, "Text")
    return app


def test_a_worker_that_dies_fails_what_runs_and_the_next_request_is_answered(tmp_path: Path) -> None:
    with start_host(app_with(tmp_path, Dies=DIES, Gate=GATE)) as host, ThreadPoolExecutor(1) as pool:
        running = pool.submit(httpx.get, f"{host.url}/api/Gate", params={"file": str(tmp_path / "never")}, timeout=60)
        host.wait_for("gate begins")
        died = httpx.get(f"{host.url}/api/Dies", timeout=60)
        neighbour = running.result()
        after = httpx.get(f"{host.url}/api/Text", timeout=60)
        assert [(each.status_code, each.content) for each in (died, neighbour)] == [(500, b"")] * 2
        assert after.status_code == 200
        assert "ended by itself" in host.log_text()


def test_the_third_death_within_30_seconds_ends_the_host(tmp_path: Path) -> None:
    with start_host(app_with(tmp_path, Dies=DIES)) as host:
        assert [httpx.get(f"{host.url}/api/Dies", timeout=60).status_code for _ in range(3)] == [500, 500, 500]
        assert host.process.wait(20) == 1
    assert "the host ends, too" in host.log_text()


@pytest.mark.slow
def test_exceeding_function_timeout_ends_the_worker_and_what_runs_beside(tmp_path: Path) -> None:
    app = app_with(tmp_path, host={"functionTimeout": "00:00:01"}, Gate=GATE)
    with start_host(app) as host, ThreadPoolExecutor(1) as pool:
        overlong = pool.submit(httpx.get, f"{host.url}/api/Gate", params={"file": str(tmp_path / "never")}, timeout=60)
        response = overlong.result()
        assert (response.status_code, response.content) == (500, b"")
        assert "Gate exceeded functionTimeout, 1 s" in host.log_text()
        assert httpx.get(f"{host.url}/api/Text", timeout=60).status_code == 200


def test_the_worker_starts_as_a_placeholder_and_settings_arrive_later(tmp_path: Path) -> None:
    app = app_with(tmp_path, Environment=ENVIRONMENT)
    given = {"MODEL_NAME": "flowers", "WEBSITE_INSTANCE_ID": "of another plan"}
    with start_host(app, env=given, arguments=["--azure"]) as host:
        seen = httpx.get(f"{host.url}/api/Environment").json()["env"]
        started = Path(f"/proc/{host.worker}/environ").read_bytes() if Path("/proc/self/environ").exists() else b""
    assert b"MODEL_NAME" not in started
    assert seen["MODEL_NAME"] == "flowers"
    assert (seen["WEBSITE_SKU"], seen["AZURE_FUNCTIONS_ENVIRONMENT"]) == ("FlexConsumption", "Production")
    assert "WEBSITE_INSTANCE_ID" not in seen


@pytest.mark.slow
@pytest.mark.host
@pytest.mark.parametrize("threads", [1, 3])
def test_sync_functions_run_in_as_many_threads_as_the_setting_says(tmp_path: Path, serve: Serve, threads: int) -> None:
    app = app_with(tmp_path, Threads=THREADS)
    with serve(app, {"PYTHON_THREADPOOL_THREAD_COUNT": str(threads)}) as host, ThreadPoolExecutor(6) as pool:
        found = [pool.submit(httpx.get, f"{host.url}/api/Threads", timeout=60) for _ in range(6)]
    assert max(int(each.result().text) for each in found) == threads


@pytest.mark.parametrize("azure", [False, True])
def test_lines_outside_invocations_are_lost_on_azure(tmp_path: Path, azure: bool) -> None:
    with start_host(app_with(tmp_path, Logs=LOGS), arguments=["--azure"] * azure) as host:
        assert httpx.get(f"{host.url}/api/Logs").text == "logged"
        host.wait_for("inside an invocation")
        assert ("outside every invocation" in host.log_text()) != azure


@pytest.mark.slow
@pytest.mark.parametrize("host_setting", ["", "AzureFunctionsJobHost__logging__logLevel__Function"])
def test_debug_lines_arrive_on_azure_where_the_hosts_level_lets_them(host_setting: str) -> None:
    key = "the-key"
    env = {"MODEL_STORE": str(PROJECT / "models"), "MODEL_NAME": "books", "KEY": key, "DEBUG": "true"}
    env |= {host_setting: "Debug"} if host_setting else {}
    with start_host(PROJECT, env=env, arguments=["--azure"]) as host:
        headers = {"Ocp-Apim-Subscription-Key": key}
        asked = httpx.post(f"{host.url}/api/extraction", json={"values": []}, headers=headers, timeout=60)
        assert asked.status_code == 200
        host.wait_for("serving model books")
        assert ("answered 0 records" in host.log_text()) == bool(host_setting)
    (documented,) = (line for line in (PROJECT / "docs/settings.md").read_text().splitlines() if "| `DEBUG` |" in line)
    assert host_setting in documented


def test_bodies_that_run_are_held_with_13_bytes_a_byte_where_asked_for(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("resident memory is told by Linux alone")
    body = b"x" * 5_000_000
    with start_host(app_with(tmp_path, Gate=GATE), arguments=["--hold-bodies"]) as host, ThreadPoolExecutor(1) as pool:
        before = memory(host.process.pid, peak=False)
        gate = {"file": str(tmp_path / "open")}
        running = pool.submit(httpx.post, f"{host.url}/api/Gate", params=gate, content=body, timeout=60)
        host.wait_for("gate begins")
        held = (memory(host.process.pid, peak=False) - before) * 1024 * 1024
        (tmp_path / "open").touch()
        assert running.result().status_code == 200
    assert 13.4 * len(body) < held < 20 * len(body)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """A host as strict as Azure, with one place, a function behind a key and one that is open."""
    http = {"maxConcurrentRequests": 1, "maxOutstandingRequests": 2}
    app = write_app(tmp_path_factory.mktemp("guarded"), host={"extensions": {"http": http}})
    write_function(app, "Text")
    write_function(app, "Guarded", "def main(req):\n    return str(len(req.get_body()))", authLevel="function")
    settings = {"KEY": "the-key", "KEY_SECONDARY": "the-other"}
    with start_host(app, env=settings, arguments=["--azure"]) as host:
        yield host


def test_without_the_key_a_request_is_refused_before_its_body_is_sent(guarded: RunningHost) -> None:
    url = f"{guarded.url}/api/Guarded"
    assert httpx.post(url, content=b"x").status_code == 401
    assert httpx.post(url, content=b"x", headers={"x-functions-key": "wrong"}).status_code == 401
    for key in ("the-key", "the-other"):
        assert httpx.post(url, content=b"x", headers={"x-functions-key": key}).text == "1"
        assert httpx.post(url, content=b"x", params={"code": key}).text == "1"
    head = b"POST /api/Guarded HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=20) as connection:
        connection.sendall(head + b"only the beginning")
        assert connection.recv(100).startswith(b"HTTP/1.1 401")
    assert time.monotonic() - started < 2


def test_senders_that_trickle_keep_nobody_out(guarded: RunningHost) -> None:
    head = b"POST /api/Text HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", guarded.port), timeout=20) for _ in range(4)]
    try:
        for connection in slow:
            connection.sendall(head + b"x" * 375)
        assert httpx.get(f"{guarded.url}/api/Text", timeout=20).status_code == 200
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.slow
def test_a_body_below_the_minimum_rate_is_refused_and_headers_are_not_waited_for(guarded: RunningHost) -> None:
    with (
        socket.create_connection(("127.0.0.1", guarded.port), timeout=60) as body,
        socket.create_connection(("127.0.0.1", guarded.port), timeout=60) as headers,
    ):
        body.sendall(b"POST /api/Text HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nx")
        headers.sendall(b"POST /api/Text HTTP/1.1\r\nHost: loc")
        started = time.monotonic()
        assert body.recv(100).startswith(b"HTTP/1.1 408")
        assert 4 < time.monotonic() - started < 20
        assert headers.recv(100) == b""
        assert 25 < time.monotonic() - started < 45


@pytest.mark.slow
def test_a_killed_host_takes_its_worker_along(tmp_path: Path) -> None:
    with start_host(app_with(tmp_path)) as host:
        worker = host.worker
        host.process.send_signal(signal.SIGKILL)
        host.process.wait(10)
        until = time.monotonic() + 10
        while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert not Path(f"/proc/{worker}/root").exists()
