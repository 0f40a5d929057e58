"""A process and what it started, ended together on any platform. Run as a script, it waits and then does so.

On POSIX they are a process group, which holds them even when their parent is gone. Elsewhere psutil finds them.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress


def end_tree(pid: int, *, at_once: bool) -> None:
    """Ask the processes to end, or, `at_once`, make them. `pid` was started with start_new_session=True."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL if at_once else signal.SIGTERM)
        return
    import psutil

    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [*parent.children(recursive=True), parent]:
            with suppress(psutil.NoSuchProcess):
                process.kill()  # there is nothing gentler than this that a console program would hear


if __name__ == "__main__":
    sys.stdin.read()  # ends when whoever started this does, whichever way
    end_tree(int(sys.argv[1]), at_once=True)
