"""Drives workers (worker.py) over many inputs and adds up what became of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from local.processes import PROJECT

_MOST_FAILURES = 20  # a target that breaks this often is broken; more of the same helps nobody


@dataclass
class Tally:
    """What came of the inputs of one target."""

    target: str
    seed: str
    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    failures: list[str] = field(default_factory=list[str])
    seconds: float = 0
    slowest: float = 0
    """Seconds that the slowest input took."""
    grown: int = 0
    """Megabytes that the peak of a worker's resident memory rose by."""


def drive(target: str, seed: str, count: int, workers: int) -> Tally:
    """Try `count` inputs of a target, in `workers` processes at once."""
    tally = Tally(target, seed)
    started = time.perf_counter()
    threads = [threading.Thread(target=_run, args=(tally, first, workers, count)) for first in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.perf_counter() - started
    return tally


def _run(tally: Tally, first: int, step: int, end: int) -> None:
    """Run a worker, and another one beyond each input that ends it."""
    while first < end and len(tally.failures) < _MOST_FAILURES:
        command = [sys.executable, "-m", "tests.soak.worker", tally.target, tally.seed, str(first), str(step), str(end)]
        with (
            tempfile.TemporaryFile("w+") as complaints,
            subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=complaints, text=True) as process,
        ):
            assert process.stdout
            for line in process.stdout:
                number, outcome, seconds, grown, broken = json.loads(line)
                tally.tried += 1
                tally.outcomes[outcome] += 1
                tally.slowest, tally.grown = max(tally.slowest, seconds), max(tally.grown, grown)
                if broken:
                    tally.failures.append(f"{_replay(tally, number)}\n{broken}")
                first = number + step
            code = process.wait()
            complaints.seek(0)
            if code not in {0, 3} or (code == 3 and first < end and not tally.failures):  # 3: memory, told already
                tally.failures.append(f"{_replay(tally, first)}\nended with {code}\n{complaints.read()[-3000:]}")
                tally.tried += 1
                first += step
            elif code == 0:
                return


def _replay(tally: Tally, number: int) -> str:
    return f"python -m tests.soak.worker {tally.target} {tally.seed} {number}"
