"""Keeps report.html up with the names: written in the background after each change, the last one of several only."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from shared.errors import UserError
from shared.model.bundle import Labels
from training.gallery.gallery import Grouping
from training.report.version import reported_version
from training.report.writer import Report

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    labels: Labels
    version: str
    grouping: Grouping


class ReportKeeper:
    """A thread that writes the report. Leaving the context waits for what is still to be written, and no longer."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._folder = report.gallery.folder
        self._wanted: _Wanted | None = None
        self._writing = False
        self._closed = False
        self._state = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="report", daemon=True)
        self.problem: str | None = None
        """Why the report could not be written; None while it can."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._state:
            self._closed = True
            self._state.notify_all()
            self._state.wait_for(self._is_idle)

    def refresh(self, labels: Labels, version: str, grouping: Grouping) -> None:
        """Have the report written with these labels. Returns at once."""
        with self._state:
            self._wanted = _Wanted(labels, version, grouping)
            self._state.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until the report shows the last labels; False when that takes longer."""
        with self._state:
            return self._state.wait_for(self._is_idle, seconds)

    def _is_idle(self) -> bool:
        return self._wanted is None and not self._writing

    def _work(self) -> None:
        while (wanted := self._next()) is not None:
            try:
                if self._writing:
                    self._report.write(wanted.labels, wanted.version, wanted.grouping)
                else:
                    self._report.prepare(wanted.grouping)
                self.problem = None
            except Exception as error:  # whatever it is, the thread goes on: who leaves the context waits for it
                if not isinstance(error, OSError | UserError):
                    log.exception("report.html could not be written")
                reason = error.strerror if isinstance(error, OSError) else None
                self.problem = f"report.html could not be written: {reason or error}"

    def _next(self) -> _Wanted | None:
        with self._state:
            self._writing = False
            self._state.notify_all()
            self._state.wait_for(lambda: self._wanted is not None or self._closed)
            wanted, self._wanted = self._wanted, None
            # A report that is up to date when the page opens need not be written: only what takes long is prepared.
            self._writing = wanted is not None and reported_version(self._folder) != wanted.version
            return wanted
