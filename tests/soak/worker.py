"""Tries hostile inputs in a process of its own, so that a crash, a hang or a blow-up is noticed.

    python -m tests.soak.worker TARGET SEED FIRST [STEP END]

tries inputs FIRST, FIRST + STEP, ... below END of a target (a module of tests.soak.targets) and prints a line of JSON
for each; without STEP and END it tries input FIRST alone, which is how a failure is looked at. Input N of a seed is
always the same.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

SECONDS = 30
"""One input may take this long, on a machine that does other things too; Azure AI Search waits as long by default."""

MEGABYTES = 800
"""What the peak of resident memory may grow by: 8 bytes for each of shared.embedding.images.MAX_PIXELS, and 84 MB."""

_ADDRESS_SPACE = 8 << 30  # what stops a blow-up before the machine feels it; most of it is reserved and never used
_WARM_UP = 50

type Attempt = Callable[[Random], str]


def main(arguments: list[str]) -> None:
    target, seed, first, step, end = arguments[0], arguments[1], *map(int, [*arguments[2:], "1", "0"][:3])
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        attempt: Attempt = importlib.import_module(f"tests.soak.targets.{target}").prepare(Path(folder))
        _refuse_warnings()
        _try_all(attempt, f"{target}:{seed}", range(first, end or first + 1, step))


def _try_all(attempt: Attempt, name: str, numbers: range) -> None:
    for number in range(_WARM_UP):
        with suppress(Exception):  # what breaks here breaks below, where it counts
            attempt(Random(f"{name}:warm-up:{number}"))
    base = peak()
    for number in numbers:
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        started, outcome, broken = time.perf_counter(), "broken", ""
        try:
            outcome = attempt(Random(f"{name}:{number}"))
        except Exception:
            broken = traceback.format_exc(limit=-6)
        seconds = time.perf_counter() - started
        faulthandler.cancel_dump_traceback_later()
        grown = (peak() - base) >> 20
        if grown > MEGABYTES and not broken:
            broken = f"the peak of memory is {grown} MB above the beginning's"
        print(json.dumps([number, outcome, round(seconds, 4), grown, broken]), flush=True)
        if grown > MEGABYTES:
            sys.exit(3)  # a peak can't be taken back: a new process goes on


def peak() -> int:
    """The most resident memory this process has had, in bytes."""
    return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


def forget_peak() -> None:
    """Begin to measure the peak anew (man 5 proc: clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def _refuse_warnings() -> None:
    """What a stranger sends has no business in our log: a warning that no filter expects is a failure."""

    def refuse(message: Warning | str, category: type[Warning], *_: object) -> None:
        raise AssertionError(f"{category.__name__} in the log: {message}")

    warnings.simplefilter("always", append=True)
    warnings.showwarning = refuse


if __name__ == "__main__":
    main(sys.argv[1:])
