"""How long one request spent in each stage of its work: decoding, embedding, assigning."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

type Stage = Literal["decode", "embed", "assign"]


class Stopwatch:
    """Adds up the time of each stage. Safe to share between threads.

    Stages overlap: pictures are decoded on several threads while the network works, so the stages of a request may add
    up to more than its duration. `embed` includes waiting for the network while another request has it.
    """

    def __init__(self) -> None:
        self._seconds: dict[Stage, float] = {"decode": 0.0, "embed": 0.0, "assign": 0.0}
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, stage: Stage) -> Generator[None]:
        """Time the block, whether it ends well or raises."""
        started = perf_counter()
        try:
            yield
        finally:
            elapsed = perf_counter() - started
            with self._lock:
                self._seconds[stage] += elapsed

    def milliseconds(self) -> dict[Stage, float]:
        with self._lock:
            return {stage: round(seconds * 1000, 1) for stage, seconds in self._seconds.items()}
