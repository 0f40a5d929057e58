"""What infra/main.bicep would deploy, evaluated by Microsoft's compiler without Azure: `bicep snapshot`.

What only Azure can know stays an expression, such as `[reference(…).outputs.principalId.value]`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from shared.digests import sha256
from shared.files import write_atomically
from tests.conftest import PROJECT

MAIN = PROJECT / "infra" / "main.bicep"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"

_SCOPE = ("--subscription-id", SUBSCRIPTION, "--tenant-id", "00000000-0000-0000-0000-000000000002")
_GROUP = ("--resource-group", "pictures", "--location", "westeurope")
_AT_AZ = Path.home() / ".azure" / "bin"
# A second or more each: the same sources and parameters are evaluated once, whichever worker or run asks first.
_KEPT = PROJECT / ".cache" / "snapshots"


@dataclass(frozen=True)
class Resource:
    """A resource to deploy."""

    type: str
    name: str
    scope: str | None
    """Id of the resource that an extension, such as a role assignment, is put on."""
    body: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        return self.body["properties"]


@dataclass(frozen=True)
class Deployment:
    """What would be deployed."""

    resources: list[Resource]
    outputs: dict[str, str]

    def of(self, kind: str) -> list[Resource]:
        """Resources of a type such as `Microsoft.Web/sites`."""
        return [each for each in self.resources if each.type == kind]

    def one(self, kind: str, name: str = "") -> Resource:
        """The only resource of a type whose name ends so."""
        (found,) = [each for each in self.of(kind) if each.name.endswith(name)]
        return found

    def app_settings(self) -> dict[str, str]:
        return self.one("Microsoft.Web/sites/config", "/appsettings").properties


def bicep(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the compiler, which is on PATH or where `az bicep install` puts it; without it, skip the test."""
    executable = shutil.which("bicep") or shutil.which("bicep", path=_AT_AZ)
    if executable is None:
        if os.environ.get("REQUIRE_BICEP"):
            pytest.fail("bicep is neither on PATH nor in ~/.azure/bin")
        pytest.skip("bicep is not installed: `az bicep install`")
    return subprocess.run([executable, *arguments], check=False, capture_output=True, text=True)


def deployed(**parameters: Any) -> Deployment:
    """What would be deployed for these parameters, and nothing left out."""
    return _snapshot(json.dumps({"environmentName": "test", **parameters}, sort_keys=True))


@cache
def compiled(path: Path = MAIN) -> dict[str, Any]:
    """The template that Azure would be sent."""
    run = bicep("build", path, "--stdout")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@cache
def _snapshot(parameters: str) -> Deployment:
    kept = _KEPT / f"{sha256(_sources() + parameters.encode())}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            write_atomically(kept, _evaluated(parameters))
    found = json.loads(kept.read_bytes())
    assert found["diagnostics"] == [], "what-if could not show everything either"
    return Deployment([_resource(each) for each in found["predictedResources"]], found["outputs"])


@cache
def _sources() -> bytes:
    """The compiler's version, and everything that a module may load."""
    paths = [path for path in MAIN.parent.rglob("*.*") if path.suffix != ".pyc"]
    read = [path.read_bytes() for path in [*sorted(paths), PROJECT / "shared" / "errors.py"]]
    return b"\0".join([bicep("--version").stdout.encode(), *read])


def _evaluated(parameters: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test.bicepparam"
        values = "".join(f"param {name} = {_literal(value)}\n" for name, value in json.loads(parameters).items())
        file.write_text(f"using '{os.path.relpath(MAIN, folder)}'\n{values}", encoding="utf-8")
        run = bicep("snapshot", file, "--mode", "overwrite", *_SCOPE, *_GROUP)
        assert run.returncode == 0, run.stderr
        return (Path(folder) / "test.snapshot.json").read_bytes()


def _resource(body: dict[str, Any]) -> Resource:
    on = re.match(r"\[extensionResourceId\('([^']+)'|(.+/providers/.+)/providers/", body["id"])
    return Resource(body["type"], body["name"], (on[1] or on[2]) if on else None, body)


def _literal(value: Any) -> str:
    match value:
        case bool() | int():
            return json.dumps(value)
        case Mapping():
            return "{" + "".join(f"\n  {name}: {_literal(each)}" for name, each in value.items()) + "\n}"
        case list():
            return "[" + "".join(f"\n  {_literal(each)}" for each in value) + "\n]"
        case _:
            return f"'{value}'"
