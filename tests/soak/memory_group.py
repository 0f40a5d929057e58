"""A group of processes that may take so much memory and no more, as the kernel's control groups hold it."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class MemoryGroup:
    """Of version 1 or 2. Processes that one of its own starts belong to it, too."""

    folder: Path
    version: int

    def command(self, *arguments: str) -> list[str]:
        """The command that runs this one within the group."""
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs"), *arguments]

    def peak(self) -> int:
        """The most memory that it has had, in bytes, the kernel's cache of files included."""
        name = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        return int((self.folder / name).read_text())

    def kills(self) -> int:
        """How often the kernel has killed one of its processes for the lack of memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        lines = (line.split() for line in (self.folder / name).read_text().splitlines())
        return int(dict(lines)["oom_kill"])


@contextmanager
def memory_group(limit: int) -> Generator[MemoryGroup]:
    """A group that may take `limit` bytes. Raises OSError where this user may make none, as most may not."""
    version = 2 if (_ROOT / "cgroup.controllers").exists() else 1
    folder = (_ROOT if version == 2 else _ROOT / "memory") / f"skill-test-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir()
    try:
        (folder / ("memory.max" if version == 2 else "memory.limit_in_bytes")).write_text(str(limit))
        yield MemoryGroup(folder, version)
    finally:
        until = time.monotonic() + 10
        while (folder / "cgroup.procs").read_text() and time.monotonic() < until:
            time.sleep(0.05)  # until the last process is gone
        folder.rmdir()
