"""`make test-host` against a `func` that is found on the PATH. Core Tools' own can't be fetched everywhere."""

import sys
from pathlib import Path

import httpx
import pytest

from local.processes import PROJECT, ProcessFailedError
from tests.local.apps import write_app, write_function
from tests.local.hosts import CoreToolsHost

# Takes what Core Tools takes, and serves the folder it is started in.
FUNC = f"""#!{sys.executable}
import os, sys
assert sys.argv[1:3] == ["start", "--port"], sys.argv
app = os.getcwd()
os.chdir({str(PROJECT)!r})
os.execv(sys.executable, [sys.executable, "-m", "local.host", "--app", app, "--port", sys.argv[3]])
"""


def test_the_host_on_the_path_serves_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "func").write_text(FUNC)
    (tools / "func").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    app = write_app(tmp_path / "app")
    write_function(app, "Text")
    with CoreToolsHost(app, {"EXTRA": "from the environment"}) as host:
        assert httpx.get(f"{host.url}/api/Text").text == "ok"
    assert '"FUNCTIONS_WORKER_RUNTIME": "python"' in (app / "local.settings.json").read_text()


def test_without_core_tools_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProcessFailedError, match="install Azure Functions Core Tools 4"):
        CoreToolsHost(tmp_path, {})
