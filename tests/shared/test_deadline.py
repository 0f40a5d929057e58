import runpy
import time
from math import inf

import pytest

from shared import deadline
from shared.deadline import Deadline


def test_time_runs_out_and_stays_out() -> None:
    soon = Deadline(0.2)
    assert 0 < soon.left() <= 0.2
    time.sleep(0.21)
    assert soon.left() == 0


def test_without_seconds_there_is_always_time() -> None:
    assert Deadline().left() == inf


@pytest.mark.parametrize("jump", [-86_400 * 365, 86_400 * 365])
def test_the_machines_clock_may_jump(monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    clock = time.time()
    monkeypatch.setattr(time, "time", lambda: clock)
    fresh: type[Deadline] = runpy.run_path(str(deadline.__file__))["Deadline"]  # it takes the clock as it now is
    counted = fresh(100)
    clock += jump
    assert 90 < counted.left() <= 100
