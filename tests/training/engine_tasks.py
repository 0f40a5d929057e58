"""Tasks for tests of the engine: importable, as workers need them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.embedding.images import PictureError


def element(array: NDArray[np.float64], position: int, seconds: float = 0) -> tuple[float, int]:
    """One number, after a while, and the process that looked it up."""
    time.sleep(seconds)
    return float(array[position]), os.getpid()


def fail(reason: str) -> None:
    raise PictureError(reason)


def die(unless: Path) -> str:
    """Ends its process, except where a file says that another did already."""
    if unless.exists():
        return "alive"
    unless.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("dead processes don't go on")


def die_holding(array: NDArray[np.float64], unless: Path, seconds: float) -> str:
    """The same after a while, with an array that all tasks share."""
    time.sleep(seconds)
    return f"{array.size} {die(unless)}"
