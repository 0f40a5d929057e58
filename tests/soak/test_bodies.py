"""Requests as large as they may be, and as awkward, take memory in proportion; each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.soak.bodies import BODIES

# One character beyond Unicode's first plane makes Python hold all of a text in 4 bytes a character, twice while it is
# parsed. Anything usual takes less than 3.
MOST = 8


@pytest.mark.parametrize("name", BODIES)
def test_a_large_body_takes_memory_in_proportion(name: str, long: bool) -> None:
    command = [sys.executable, "-m", "tests.soak.bodies", name, "99" if long else "10"]
    run = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True, timeout=120)
    status, ratio, seconds = json.loads(run.stdout)
    assert status in {200, 400, 413}
    # Ten megabytes more, for what every request takes.
    assert ratio < MOST if long else ratio < MOST + 1
    assert seconds < 30
