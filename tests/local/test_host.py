"""The host as its users meet it: a process, its output and its answers."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest

from local.processes import PROJECT, ManagedProcess, start_host
from tests.local.apps import ENVIRONMENT, GATE, write_app, write_function
from tests.local.hosts import Host, Serve


@pytest.mark.host
@pytest.mark.parametrize(("path", "on_main_thread"), [("echo/12", False), ("AsyncEcho", True)])
def test_a_request_reaches_the_function_whole(client: httpx.Client, path: str, on_main_thread: bool) -> None:
    headers = {"X-Mixed": "Case", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    echo = client.post(path, params="a=1&a=2&empty=&b=%26", headers=headers, content=bytes(range(256))).json()
    name = "Echo" if path == "echo/12" else path
    assert echo["method"] == "POST"
    assert echo["url"] == f"{client.base_url}{path}?a=1&a=2&empty=&b=%26"
    assert echo["headers"]["x-mixed"] == "Case"
    assert echo["query"] == {"a": "1,2", "b": "&"}
    assert echo["route"] == ({"id": "12"} if name == "Echo" else {})
    assert bytes.fromhex(echo["body"]) == bytes(range(256))
    assert echo["function"] == name
    assert Path(echo["folder"]).name == name
    caller, own = headers["traceparent"].split("-"), echo["trace"].split("-")
    assert (own[:2], own[3]) == (caller[:2], caller[3])  # the caller's trace, with a span of the host's own
    assert own[2] != caller[2]
    assert (echo["retries"], echo["main_thread"]) == (0, on_main_thread)
    assert client.get(path).json()["invocation"] != echo["invocation"]


@pytest.mark.host
def test_a_large_body_arrives_whole_and_one_in_chunks_empty(client: httpx.Client) -> None:
    large = os.urandom(3_000_000)
    assert client.post("echo", content=large).json()["body"] == large.hex()
    assert client.post("echo", content=iter([b"ab", b"cd"])).json()["body"] == ""


@pytest.mark.host
def test_a_response_reaches_the_client_whole(client: httpx.Client) -> None:
    response = client.get("Reply")
    assert response.status_code == 503
    assert response.content == bytes(range(256))
    assert response.headers["content-type"] == "image/x-test"
    assert (response.headers["retry-after"], response.headers["x-model-version"]) == ("7", "v3")
    assert response.headers["content-length"] == "256"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "server" not in response.headers
    assert [cookie.lower() for cookie in response.headers.get_list("set-cookie")] == [
        "a=1; httponly; max-age=60; path=/api; samesite=strict; secure",
        "b=2; domain=example.org; expires=wed, 21 oct 2026 07:28:00 gmt",
    ]


@pytest.mark.host
def test_accepts_every_kind_of_return_value(client: httpx.Client) -> None:
    latin = client.get("Latin")
    assert (latin.content, latin.headers["content-type"]) == ("été".encode("latin-1"), "text/plain; charset=latin-1")
    text = client.get("Text")
    assert (text.status_code, text.text, text.headers["content-type"]) == (200, "ok", "text/plain; charset=utf-8")
    named = client.get("Named")
    assert (named.status_code, named.text) == (201, "by name")
    for path in ("Silent", "NoContent"):
        assert (client.get(path).status_code, client.get(path).content) == (204, b"")


def test_a_response_is_not_held_back_for_an_acknowledgement(client: httpx.Client) -> None:
    # Delayed acknowledgements cost 40 ms a request. They set in after some requests on a connection, hence the forty; a
    # busy machine is slow as well, but not for each of the last twenty.
    seconds = [client.get("Text").elapsed.total_seconds() for _ in range(40)]
    assert min(seconds[20:]) < 0.035


@pytest.mark.host
def test_what_no_function_answers_is_not_found(client: httpx.Client) -> None:
    assert client.get("nothing").status_code == 404
    assert client.get("echo/twelve").status_code == 404
    assert client.get("Off").status_code == 404
    # Like the real host: neither 405 nor HEAD for free.
    assert client.put("AsyncEcho").status_code == 404
    assert client.head("AsyncEcho").status_code == 404
    assert client.get(str(client.base_url).replace("/api/", "/")).status_code == 404


@pytest.mark.parametrize(
    ("function", "headline", "cause"),
    [
        ("Fails", "Fails failed: ValueError: on purpose", "raise ValueError('on purpose')"),
        ("Broken", "Broken failed to load and will answer 500:", "import no_such_module"),
        ("Misfit", "Misfit failed to load and will answer 500:", "not in function.json: {'other'}"),
    ],
)
def test_a_failure_is_an_empty_500_and_a_traceback_in_the_log(
    host: Host, client: httpx.Client, function: str, headline: str, cause: str
) -> None:
    response = client.get(function)
    assert (response.status_code, response.content) == (500, b"")
    host.wait_for(f"{function}: GET /api/{function} 500")
    _, found, rest = host.log_text().partition(f"[host] {headline}\nTraceback (most recent call last):\n")
    assert found
    assert cause in rest.split("[host]")[0]


def test_the_listing_says_what_is_served_and_how(host: Host, app: Path) -> None:
    log = host.log_text()
    url = f"{host.url}/api"
    assert f"Settings: {app}/local.settings.json\n" in log
    assert "from the environment instead: KEY\n" in log
    assert f"Echo: [any method] {url}/echo/{{id:int?}} (authLevel function)\n" in log
    assert f"AsyncEcho: [GET,POST] {url}/AsyncEcho (authLevel anonymous)\n" in log
    assert f"Broken: [any method] {url}/Broken (authLevel anonymous) - failed to load, answers 500\n" in log
    assert "Off: [any method]" in log
    assert "disabled, answers 404" in log
    assert "Nightly: not hosted." in log
    assert "keys for authLevel function and admin are asked for on Azure and with --azure only" in log
    assert "from the file" not in log


def test_a_log_line_appears_once_with_its_function(host: Host, client: httpx.Client) -> None:
    before = host.log_text()
    client.get("echo")
    client.get("AsyncEcho")
    host.wait_for(lambda: host.log_text().count("in ") > before.count("in "))
    lines = host.log_text()[len(before) :].splitlines()
    assert [line.split(" ", 2)[2] for line in lines if "echo was here" in line] == [
        "INFO    [Echo] echo was here",
        "INFO    [AsyncEcho] echo was here",
    ]
    assert not any("never shown" in line for line in lines)
    assert len(lines) == 4


def test_the_function_runs_in_its_app_with_its_settings(client: httpx.Client, app: Path, host: Host) -> None:
    seen = client.get("Environment").json()
    env = seen["env"]
    assert (env["KEY"], env["MODEL_NAME"], env["EXTRA"]) == ("", "from the file", "from the environment")
    assert env["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
    assert env["WEBSITE_HOSTNAME"] == f"127.0.0.1:{host.port}"
    assert env["AzureWebJobsScriptRoot"] == seen["cwd"] == seen["path"][0] == str(app)
    assert Path(seen["shared"]).is_relative_to(app)


def test_an_unpacked_package_brings_its_own_modules(tmp_path: Path) -> None:
    app = write_app(tmp_path / "package")
    packages = app / ".python_packages" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "shipped.py").write_text("NAME = 'shipped'")
    (app / "shared").mkdir()
    (app / "shared" / "__init__.py").write_text("import shipped; NAME = shipped.NAME")
    write_function(app, "Shipped", "import shared\ndef main(req): return shared.NAME")
    write_function(app, "Borrows", "import training\ndef main(req): return 'from the source tree'")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-m", "local.host", "--app", "../package", "--port", "0"]
    with ManagedProcess(command, ready="Listening on", cwd=elsewhere, env={"PYTHONPATH": str(PROJECT)}) as process:
        url = process.log_text().split("Listening on ")[1].strip()
        assert httpx.get(f"{url}/api/Shipped").text == "shipped"
        assert httpx.get(f"{url}/api/Borrows").status_code == 500


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Iterator[Host]:
    """An app with room for one running and one waiting request, of a thousand bytes each."""
    limits = {"maxConcurrentRequests": 1, "maxOutstandingRequests": 2, "routePrefix": ""}
    app = write_app(tmp_path_factory.mktemp("narrow"), host={"extensions": {"http": limits}})
    write_function(app, "Gate", GATE)
    write_function(app, "Text")
    with serve(app, {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}) as running:
        yield running


def test_requests_queue_and_beyond_the_queue_get_429(narrow: Host, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(httpx.get, f"{narrow.url}/Gate", params={"file": str(tmp_path / "open")}, timeout=60)
        narrow.wait_for("gate begins")
        others = [pool.submit(httpx.post, f"{narrow.url}/Text", content=b"x" * 500, timeout=60) for _ in range(3)]
        answered = as_completed(others)
        refused = [next(answered).result(), next(answered).result()]
        assert [response.status_code for response in refused] == [429, 429]
        assert (refused[0].content, refused[0].headers["x-function-scaleout"]) == (b"", "1")
        assert "2 requests run or wait, all that maxOutstandingRequests allows" in narrow.log_text()
        (waiting,) = (other for other in others if not other.done())
        (tmp_path / "open").touch()
        assert first.result().text == "opened"
        assert waiting.result().status_code == 200
    assert httpx.get(f"{narrow.url}/Text").status_code == 200


@pytest.mark.host
def test_a_body_over_the_limit_gets_an_empty_500(narrow: Host) -> None:
    url = f"{narrow.url}/Text"
    assert httpx.post(url, content=b"x" * 1000).status_code == 200
    declared = httpx.post(url, content=b"x" * 1001)
    assert (declared.status_code, declared.content) == (500, b"")
    assert httpx.post(url, content=iter([b"x" * 600] * 2)).status_code == 500
    assert httpx.get(url).status_code == 200


def test_a_client_that_leaves_while_it_sends_frees_its_place(narrow: Host) -> None:
    head = b"POST /Text HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n"
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", narrow.port)) as connection:
            connection.sendall(head + b"only a part")
    assert httpx.get(f"{narrow.url}/Text").status_code == 200


def test_the_project_itself_is_served(tmp_path: Path) -> None:
    with start_host(PROJECT, env={"MODEL_STORE": str(tmp_path), "KEY": ""}) as host:
        response = httpx.get(f"{host.url}/api/extraction")
    # There is no model in an empty folder; the answer, headers included, is the Function's own.
    assert (response.status_code, response.headers["content-type"]) == (503, "application/json")
    assert int(response.headers["retry-after"]) > 0


def test_a_host_that_is_still_starting_stops_at_once(tmp_path: Path) -> None:
    write_function(write_app(tmp_path), "Heavy", "import time\nprint('importing', flush=True)\ntime.sleep(60)")
    command = [sys.executable, "-m", "local.host", "--app", tmp_path, "--port", "0"]
    with ManagedProcess(command, ready="importing", cwd=PROJECT) as process:
        assert process.stop() == 0
    assert process.log_text() == "importing\n"


def test_a_stopped_host_finishes_what_runs(tmp_path: Path) -> None:
    write_function(write_app(tmp_path), "Gate", GATE)
    with start_host(tmp_path) as host, ThreadPoolExecutor(1) as pool:
        running = pool.submit(httpx.get, f"{host.url}/api/Gate", params={"file": str(tmp_path / "open")}, timeout=60)
        host.wait_for("gate begins")
        host.process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            running.result(timeout=0.3)
        (tmp_path / "open").touch()
        assert running.result().text == "opened"
        assert host.process.wait(10) == 0
    assert "Traceback" not in host.log_text()


def test_a_stopped_host_waits_no_longer_than_its_grace(tmp_path: Path) -> None:
    write_function(write_app(tmp_path), "Gate", GATE)
    with start_host(tmp_path, arguments=["--grace", "1"]) as host, ThreadPoolExecutor(1) as pool:
        running = pool.submit(httpx.get, f"{host.url}/api/Gate", params={"file": str(tmp_path / "never")}, timeout=60)
        host.wait_for("gate begins")
        host.process.send_signal(signal.SIGINT)
        assert running.result().status_code == 503
        assert host.process.wait(10) == 1
    assert "stopped without waiting for: Gate" in host.log_text()
    assert "Traceback" not in host.log_text()


def test_running_requests_have_30_seconds_unless_told_otherwise(app: Path) -> None:
    assert "seconds for running requests at the end (default: 30)" in " ".join(run_host(app, "--help").stdout.split())


def run_host(app: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.host", "--app", str(app), *arguments]
    return subprocess.run(
        command, env={**os.environ, **env}, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("source", ["PORT", "LocalHttpPort"])
def test_a_taken_port_is_named_with_an_alternative(tmp_path: Path, source: str) -> None:
    write_function(write_app(tmp_path), "Text")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "local.settings.json").write_text(json.dumps({"Host": {"LocalHttpPort": port}}))
        result = run_host(tmp_path, PORT=str(port) if source == "PORT" else "")
    assert result.returncode == 1
    assert result.stderr == (
        f"Error: can't listen on port {port} of 127.0.0.1: something else listens there. "
        f"Choose another with --port or PORT, such as `make serve PORT={port + 1}`\n"
    )


def test_an_encrypted_settings_file_is_refused(tmp_path: Path) -> None:
    write_function(write_app(tmp_path), "Environment", ENVIRONMENT)
    (tmp_path / "local.settings.json").write_text('{"IsEncrypted": true, "Values": {}}')
    result = run_host(tmp_path)
    assert (result.returncode, "is encrypted" in result.stderr) == (1, True)
    assert "Traceback" not in result.stderr


def test_refuses_invalid_ports(app: Path) -> None:
    assert "PORT must be a number, not 'http'" in run_host(app, PORT="http").stderr
    assert "70000 is not a port" in run_host(app, "--port", "70000").stderr
