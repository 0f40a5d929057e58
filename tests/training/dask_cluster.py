"""A real Dask scheduler with workers of its own on this machine, as its command line starts them."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.processes import PROJECT, ManagedProcess

_DASK = (sys.executable, "-m", "dask")
_HERE = ("--host", "127.0.0.1", "--no-dashboard")


class Scheduler(ManagedProcess):
    def __init__(self) -> None:
        self.address = ""
        super().__init__([*_DASK, "scheduler", *_HERE, "--port", "0"], ready=self._find_address, cwd=PROJECT)

    def _find_address(self) -> bool:
        found = re.search(r"Scheduler at:\s+(tcp://\S+:\d+)", self.log_text())
        self.address = found[1] if found else ""
        return bool(found)


class Worker(ManagedProcess):
    """One process that works, and one that watches over it."""

    def __init__(self, scheduler: str, folder: Path, options: Sequence[str] = ()) -> None:
        command = [*_DASK, "worker", scheduler, *_HERE, "--nthreads", "1", "--local-directory", str(folder), *options]
        super().__init__(command, ready="Registered to:", cwd=PROJECT)

    def kill(self) -> None:
        """Both at once, so that nothing starts it again: as a machine that is switched off."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class DaskCluster:
    scheduler: Scheduler
    workers: Sequence[Worker]

    @property
    def address(self) -> str:
        return self.scheduler.address


@contextmanager
def dask_cluster(folder: Path, workers: int = 2) -> Generator[DaskCluster]:
    """Workers of one thread each; `folder` takes their files."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(Scheduler())
        started = [stack.enter_context(Worker(scheduler.address, folder)) for _ in range(workers)]
        yield DaskCluster(scheduler, started)
