"""Files that claim or unpack to more than they should take neither memory nor time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.soak.bombs import BOMBS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial")]


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[str, float, float]]:
    """What came of each bomb that did not take the process along: words, megabytes, seconds."""
    command = [sys.executable, "-m", "tests.soak.bombs"]
    run = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True, timeout=300)
    return {
        name: (said, megabytes, seconds) for name, said, megabytes, seconds in map(json.loads, run.stdout.splitlines())
    }


READ = frozenset({"PNG text"})
"""What is not even unpacked, so that the picture beside it can be had."""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_no_harm(name: str, results: dict[str, tuple[str, float, float]]) -> None:
    said, megabytes, seconds = results[name]
    assert (said == "read") is (name in READ)
    assert megabytes < 200
    assert seconds < 10
