"""`make demo`, in a place of its own: from the sample pictures to an answer with their names."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundles import link_graph
from tests.conftest import PROJECT


@pytest.mark.slow
def test_it_trains_serves_and_names_the_picture_it_asks_about(tmp_path: Path, graph: Path) -> None:
    # It works where its own file lies, so that is copied; the rest is only read.
    shutil.copytree(PROJECT / "local", tmp_path / "local")
    shutil.copy(PROJECT / "host.json", tmp_path)
    for folder in ("ClusterSkill", "data", "infra", "shared", "training"):
        (tmp_path / folder).symlink_to(PROJECT / folder, target_is_directory=True)
    link_graph(graph, tmp_path / "models")
    command = [sys.executable, "-m", "local.demo"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout[done.stdout.index("{") :])
    assert answered["values"][0]["data"]["label"] == ["open book", "double spread"]
    assert 'named "open book" and "double spread"' in done.stderr
