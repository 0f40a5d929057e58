import time
from math import inf

import pytest

from shared.deadline import Deadline


def test_time_runs_out_and_stays_out() -> None:
    deadline = Deadline(0.05)
    assert 0 < deadline.left() <= 0.05
    time.sleep(0.06)
    assert deadline.left() == 0


def test_without_seconds_there_is_always_time() -> None:
    assert Deadline().left() == inf


@pytest.mark.parametrize("jump", [-86_400 * 365, 86_400 * 365])
def test_the_machines_clock_may_jump(monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    deadline = Deadline(100)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + jump)
    assert 99 < deadline.left() <= 100
