"""How much memory this process may take: the container's limit where there is one, else the machine's."""

import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """Bytes. Of control groups, in either version, and all that lie around this process's, the smallest counts."""
    return min([_machine(), *_limits()])


def _machine() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return 1 << 62


def _limits() -> list[int]:
    found: list[int] = []
    for path in _files():
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):  # there is no such group here, or it says "max"
            continue
    return found


def _files() -> list[Path]:
    """Where limits may stand. Inside a container its own group may be the root, whatever /proc says."""
    try:
        lines = _OWN.read_text().splitlines()
    except OSError:
        return []
    files: list[Path] = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "memory":
            root, name = _GROUPS / "memory", "memory.limit_in_bytes"
        elif controllers == "":
            root, name = _GROUPS, "memory.max"
        else:
            continue
        own = root / group.lstrip("/")
        files += [folder / name for folder in (own, *own.parents) if folder.is_relative_to(root)]
    return files
