"""One writer a model: training, the naming page, publishing and whatever else reads a model's folder and writes to it.

Two trainings at once would mix their files, and a page would name the groups of a model that is being replaced.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from shared.errors import UserError


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
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InUseError(f"{folder} is in use by {_holder(note)}: wait until that ends, or end it first") from None
        note.write_text(f"{work} (process {os.getpid()} on {socket.gethostname()}, since {_now()})", encoding="utf-8")
    try:
        yield
    finally:
        if lock.is_locked:
            note.unlink(missing_ok=True)
            lock.release()


def _holder(note: Path) -> str:
    with suppress(OSError, ValueError):
        return note.read_text(encoding="utf-8")
    return "another process"


def _now() -> str:
    return datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
