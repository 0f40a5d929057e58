"""What a new worker imports before its first answer: all of it is waited for, on every cold start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

# Each costs tens to hundreds of milliseconds. Whatever joins the list should be worth its wait.
WORTH_IT = {
    "azure": "azure.functions, which the worker has loaded already",
    "werkzeug": "of azure.functions",
    "markupsafe": "of azure.functions",
    "numpy": "arrays",
    "PIL": "pictures",
    "onnxruntime": "the network",
    "pydantic": "the manifest, labels and settings",
    "pydantic_core": "of pydantic",
    "pydantic_settings": "settings",
    "annotated_types": "of pydantic",
    "dotenv": "of pydantic_settings",
    "typing_extensions": "of pydantic",
    "typing_inspection": "of pydantic",
    "ClusterSkill": "this",
    "shared": "this",
}

ANSWER_ONE = """
import json, sys
from pathlib import Path

here = set(sys.modules)
import ClusterSkill
from shared.serving.api import handle

reply = handle("POST", {}, Path("data/sample_request.json").read_bytes())
assert json.loads(reply.body)["values"][0]["data"]["label"], reply
came = {name.partition(".")[0] for name in set(sys.modules) - here}
print(json.dumps(sorted(name for name in came - sys.stdlib_module_names if not name.startswith("_"))))
print(json.dumps(sorted(name for name in sys.modules if name.startswith("azure."))))
"""


@pytest.fixture(scope="module")
def imported(graph: Path) -> tuple[set[str], set[str]]:
    """The packages, and the modules of azure, that the first answer of a process brings in."""
    del graph
    environment = {**os.environ, "MODEL_STORE": "models", "MODEL_NAME": "books", "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", ANSWER_ONE]
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    packages, azure = ran.stdout.splitlines()
    return set(json.loads(packages)), set(json.loads(azure))


def test_only_allowed_packages_are_imported(imported: tuple[set[str], set[str]]) -> None:
    assert imported[0] <= set(WORTH_IT)


def test_azure_storage_and_telemetry_are_not_imported_without_need(imported: tuple[set[str], set[str]]) -> None:
    assert not [name for name in imported[1] if not name.startswith("azure.functions")]
