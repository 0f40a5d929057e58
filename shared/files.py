"""Replace files atomically, one or several together: readers find the old or the new, even if the writer is killed."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

LARGEST_TEXT = 100_000_000
"""Bytes of a file that people write: a line of a hundred for each of a million pictures."""

# A pipe may have taken a file's place just now, which must not keep its reader waiting.
_READ_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_WRITING = ".writing-"
_READY = ".ready"

# Nobody writes for so long: it was left by a process that was killed.
_ABANDONED_SECONDS = 3600


def read_regular(path: Path, most: int | None = None) -> bytes:
    """A file's content. Raises OSError, also for what is not a file, such as a pipe, and for one of more bytes."""
    with open_regular(path) as file:
        limit = -1 if most is None else most
        if os.fstat(file.fileno()).st_size > limit >= 0:  # before its content takes as much memory
            raise OSError(errno.EFBIG, f"more than {limit:,} bytes", str(path))
        content = file.read(limit + 1 if limit >= 0 else -1)
    if len(content) > limit >= 0:
        raise OSError(errno.EFBIG, f"more than {limit:,} bytes", str(path))
    return content


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it; what would wait for ever, or never end, is told by its type and not opened.

    Raises OSError.
    """
    _refuse_special(path, path.stat().st_mode)
    handle = os.open(path, _READ_AT_ONCE)
    try:
        _refuse_special(path, os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def special_kind(mode: int) -> str | None:
    """What a thing with this mode is called where it is neither a file nor a folder."""
    tests = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"))
    return next((name for test, name in (*tests, (stat.S_ISBLK, "a device")) if test(mode)), None)


def _refuse_special(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if kind := special_kind(mode):
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file whole: a reader sees the old or the new one, even if the writer is killed."""
    write_atomically_with(path, lambda file: file.write(content))


def write_atomically_with(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """As write_atomically, for content that is written piece by piece.

    Raises OSError naming `path`: of a full disk, the system itself says not for which file.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def replace_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace files of a folder, by name, so that they change together for whoever calls finish_replacing first.

    They are written beside it; one rename says that all are ready; then each takes its place. Killed before that
    rename, a writer leaves the old files, killed after it the new ones, with some still to be put in place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    finish_replacing(folder)
    _remove_abandoned(folder)
    staging = Path(tempfile.mkdtemp(dir=folder, prefix=_WRITING))
    try:
        for name, content in contents.items():
            write_atomically(staging / name, content)
        staging.rename(folder / _READY)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    finish_replacing(folder)


def finish_replacing(folder: Path) -> None:
    """Put in place what a writer of this folder had ready when it was killed; do nothing where none was.

    Raises OSError where the folder can't be written.
    """
    ready = folder / _READY
    with suppress(FileNotFoundError):
        for path in sorted(ready.iterdir()):
            with suppress(FileNotFoundError):  # another process does the same
                path.replace(folder / path.name)
        ready.rmdir()


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f"{_WRITING}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
