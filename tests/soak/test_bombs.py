"""Files that claim or unpack to more than they should take neither memory nor time; each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.soak.bombs import BOMBS


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    command = [sys.executable, "-m", "tests.soak.bombs", name]
    run = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True, timeout=120)
    said, megabytes, seconds = json.loads(run.stdout)
    assert said != "read"
    assert megabytes < 200
    assert seconds < 10
