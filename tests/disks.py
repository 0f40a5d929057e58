"""Small disks of their own for tests of what happens when one is full or can't be written to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Generator[Path]:
    """Mount a file system of this size at a folder, which is made; skip the test where that may not be done."""
    folder.mkdir()
    if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)):
        pytest.skip("needs the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", str(folder)], check=True)


def make_read_only(disk: Path) -> None:
    """Let nothing more be written to a disk. Permissions alone would not stop root, who may mount."""
    assert _mount("-o", "remount,ro", str(disk))


def _mount(*arguments: str) -> bool:
    command = [shutil.which("mount") or "mount", *arguments]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
