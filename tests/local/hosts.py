"""Hosts that facts about the Functions host are tested against: the local one, or Core Tools' by `make test-host`."""

import json
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from local.processes import ManagedProcess, ProcessFailedError, RunningHost, start_host

type Host = RunningHost | CoreToolsHost
type Serve = Callable[[Path, Mapping[str, str]], Host]


class CoreToolsHost(ManagedProcess):
    """`func start` in the app's folder, serving."""

    def __init__(self, app: Path, env: Mapping[str, str]) -> None:
        """Start it. Raises ProcessFailedError where it is not installed, or does not come up."""
        func = shutil.which("func")
        if func is None:
            raise ProcessFailedError("func is not on the PATH: install Azure Functions Core Tools 4")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        settings = app / "local.settings.json"
        given = json.loads(settings.read_bytes())["Values"] if settings.exists() else {}
        needed = {"AzureWebJobsStorage": "", "FUNCTIONS_WORKER_RUNTIME": "python"}
        settings.write_text(json.dumps({"IsEncrypted": False, "Values": given | needed}))
        super().__init__([func, "start", "--port", str(self.port)], ready=self._answers, env=env, cwd=app, timeout=180)

    def _answers(self) -> bool:
        try:
            httpx.get(self.url, timeout=60)
        except httpx.TransportError:
            return False
        return True


def serve_locally(app: Path, env: Mapping[str, str]) -> Host:
    return start_host(app, env=env)
