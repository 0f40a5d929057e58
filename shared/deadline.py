"""The time that one request has, counted from its arrival."""

from __future__ import annotations

from math import inf
from time import monotonic


class Deadline:
    """A time on the monotonic clock, which no correction of the machine's clock moves."""

    def __init__(self, seconds: float = inf) -> None:
        """`seconds` from now."""
        self.seconds = seconds
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Seconds until then; 0 once it has passed."""
        return max(0.0, self._at - monotonic())
