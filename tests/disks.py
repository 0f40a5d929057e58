"""Small disks of their own for tests of what happens when one is full or can't be written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(kilobytes: int) -> Generator[Path]:
    """Mount a file system of this size at a folder of its own; skip the test where that may not be done.

    The folder is not among pytest's: a killed test leaves its disk behind, and pytest could not clear it away.
    """
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)):
        folder.rmdir()
        pytest.skip("needs the right to mount a file system")
    try:
        yield folder
    finally:
        # Lazily: what a failed test still holds open must not keep the disk there.
        subprocess.run([shutil.which("umount") or "umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def make_read_only(disk: Path) -> None:
    """Let nothing more be written to a disk. Permissions alone would not stop root, who may mount."""
    assert _mount("-o", "remount,ro", str(disk))


def _mount(*arguments: str) -> bool:
    command = [shutil.which("mount") or "mount", *arguments]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
