"""How things are measured: what the machine is, processes of their own, peaks of memory, medians with their spread."""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

_PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-learn", "tensorflow-cpu")


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def machine(packages: Sequence[str] = _PACKAGES) -> str:
    """The processor, its cores, the versions of what does the work, and whether other work had to stand back."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else None
    name = found[1] if found else platform.machine()
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    others = (
        "" if os.sched_getscheduler(0) == os.SCHED_OTHER else "; at real-time priority, on a machine that others use"
    )
    return f"{name}, {os.process_cpu_count()} cores; Python {platform.python_version()}, {versions}{others}"


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alone[**P, R](work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it in a process that does nothing else, before or after."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        return processes.submit(work, *args, **kwargs).result()


def memory(process: int | str = "self", peak: bool = True) -> float:
    """Resident memory of a process in MB: its peak so far, or what it holds now. Linux only."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/{process}/status does not tell its memory")
    return int(found[1]) / 1024


def in_turn(rounds: int, *works: Callable[[], object]) -> list[list[float]]:
    """Seconds of each of the works, one after the other, round after round: noise of the machine meets them alike."""
    taken = [[seconds(work) for work in works] for _ in range(rounds)]
    return [list(column) for column in zip(*taken, strict=True)]


def ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return median(a / b for a, b in zip(these, those, strict=True))


def spread(taken: Sequence[float], unit: str = "ms") -> str:
    """The median and the middle half: "118 ms (112 to 131)"."""
    scale = {"ms": 1e3, "s": 1}[unit]
    low, middle, high = quantiles((one * scale for one in taken), n=4) if len(taken) > 1 else [taken[0] * scale] * 3
    return f"{middle:.3g} {unit} ({low:.3g} to {high:.3g})"
