"""Writes Functions apps for tests."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RETURN = {"type": "http", "direction": "out", "name": "$return"}

GATE = """
import pathlib, time

def main(req) -> str:
    print("gate begins", flush=True)
    file, deadline = pathlib.Path(req.params["file"]), time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return "opened"
"""

ENVIRONMENT = """
import json, os, sys, shared

def main(req) -> str:
    return json.dumps({"env": dict(os.environ), "cwd": os.getcwd(), "path": sys.path, "shared": shared.__file__})
"""


def write_app(folder: Path, *, host: dict[str, Any] | None = None, settings: dict[str, str] | None = None) -> Path:
    """Write host.json, with `host` added, and local.settings.json with these Values; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "host.json").write_text(json.dumps({"version": "2.0", **(host or {})}))
    if settings is not None:
        (folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": settings}))
    return folder


def write_function(
    app: Path,
    function_name: str,
    code: str = "def main(req):\n    return 'ok'\n",
    /,
    *,
    bindings: Sequence[dict[str, str]] = (RETURN,),
    function: dict[str, Any] | None = None,
    **trigger: Any,
) -> Path:
    """Write a function folder; `trigger` goes into the httpTrigger binding, `function` beside the bindings."""
    folder = app / function_name
    folder.mkdir()
    http = {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", **trigger}
    (folder / "function.json").write_text(json.dumps({"bindings": [http, *bindings], **(function or {})}))
    (folder / "__init__.py").write_text(code)
    return folder
