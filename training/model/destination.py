"""Whether a model can be written where it is to go, found out before hours of work."""

from __future__ import annotations

import tempfile
from pathlib import Path

from shared.errors import UserError


class DestinationError(UserError):
    """Nothing can be written there. The message names the place."""


def check_destination(folder: Path) -> None:
    """Try to write where the folder is, or is to be made, and leave nothing behind. Raises DestinationError."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise DestinationError(f"{there} is not a folder, so no model can be written to {folder}: give another --out")
    try:
        Path(tempfile.mkdtemp(dir=there, prefix=".probe-")).rmdir()
    except OSError as error:
        raise DestinationError(f"nothing can be written to {there} ({error.strerror}): give another --out") from None
