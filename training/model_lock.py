"""One writer a model: training, the naming page, publishing and whatever else reads a model's folder and writes to it.

Two trainings at once would mix their files, and a page would name the groups of a model that is being replaced.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from shared.errors import UserError

_UNKNOWN = "another process"
_BRIEF = ("publishing", _UNKNOWN)
"""Work that is over in seconds, so that the second of two waits for the first."""

_WAIT_SECONDS = 60
_POLL_SECONDS = 0.1


class InUseError(UserError):
    """Somebody else works on this model. The message says who."""


@contextmanager
def hold(folder: Path, work: str) -> Generator[None]:
    """Keep a model's folder, there or not yet, for oneself; `work` is what others are told. Raises InUseError.

    The system lets go of it when the process ends, however it ends. Where no file can be written beside the folder,
    nobody is kept out: such models are not written to.
    """
    folder = folder.absolute()
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    # Not in the lock itself: Windows lets nobody read that meanwhile.
    note = folder.with_name(f".{folder.name}.holder")
    with suppress(OSError):
        _acquire(lock, folder, note, work)
        note.write_text(f"{work} (process {os.getpid()} on {socket.gethostname()}, since {_now()})", encoding="utf-8")
    try:
        yield
    finally:
        if lock.is_locked:
            note.unlink(missing_ok=True)
            lock.release()


def _acquire(lock: FileLock, folder: Path, note: Path, work: str) -> None:
    started = time.monotonic()
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            holder = _holder(note)
            brief = work in _BRIEF and holder.startswith(_BRIEF) and time.monotonic() < started + _WAIT_SECONDS
            if not brief:
                raise InUseError(f"{folder} is in use by {holder}: wait until that ends, or end it first") from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _holder(note: Path) -> str:
    with suppress(OSError, ValueError):
        return note.read_text(encoding="utf-8")
    return _UNKNOWN


def _now() -> str:
    return datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
