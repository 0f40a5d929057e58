"""Requests as large as they may be, and as awkward, take memory in proportion."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.soak.bodies import BODIES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial")]

# Usual bodies take 3. One character beyond Unicode's first plane makes Python hold a text in 4 bytes a character, twice
# while it is parsed: 8, as measured.
MOST = 9


@pytest.fixture(scope="module")
def results(long: bool) -> dict[str, tuple[int, float, float]]:
    """What came of each body that did not take the process along: status, memory by the body's size, seconds."""
    command = [sys.executable, "-m", "tests.soak.bodies", "99" if long else "10"]
    run = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True, timeout=300)
    return {name: (status, ratio, seconds) for name, status, ratio, seconds in map(json.loads, run.stdout.splitlines())}


@pytest.mark.parametrize("name", BODIES)
def test_a_large_body_takes_memory_in_proportion(name: str, results: dict[str, tuple[int, float, float]]) -> None:
    status, ratio, seconds = results[name]
    assert status in {200, 400, 413}
    assert ratio < MOST
    assert seconds < 30
