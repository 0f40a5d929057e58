"""One naming page a bundle: two would not see each other's history of changes."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import UserError
from shared.model.bundle import MANIFEST


class InUseError(UserError):
    """Another process has this bundle's naming page open."""


@contextmanager
def exclusive(folder: Path) -> Generator[None]:
    """Hold a bundle; the system lets go of it when the process ends, however it ends. Raises InUseError.

    Windows has no lock that leaves the file readable for others, so there the page relies on comparing what is on the
    disk before each change.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / MANIFEST).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(
                f"{folder} is open in a naming page already: use its link, or end it with Ctrl+C first"
            ) from None
        yield
