"""Start real servers for tests and demonstrations, and never leave one behind.

    with start_host(Path()) as host:
        httpx.get(f"{host.url}/api/extraction")

`ManagedProcess` is the general part: any command that says, or shows, when it is ready.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from local import process_tree
from local.process_tree import end_tree
from shared.errors import UserError

PROJECT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.02
TAIL_LINES = 40

# Outlives its parent, sees its stdin close whichever way the parent went, and ends the processes it was given. Without
# site-packages it starts in a third of the time; only Windows needs them.
WATCHDOG = ("-I", *(("-S",) if os.name == "posix" else ()), process_tree.__file__)


class ProcessFailedError(UserError):
    """A process ended, or took too long, before it was ready; the message holds the end of its output."""


class ManagedProcess:
    """A running command with its output in a log. Use it as a context manager, or call `stop`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        ready: str | Callable[[], bool],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> None:
        """Start `command` and wait until it is ready.

        Args:
            command: the program and its arguments.
            ready: text that it will print, on stdout or stderr, or a function that tells whether it serves.
            env: variables added to this process's environment.
            cwd: the folder to start it in.
            timeout: seconds to wait for readiness.

        Raises:
            ProcessFailedError: it ended or was not ready in time; nothing is left running.
            OSError: the program can't be started at all.
        """
        self.command = [str(part) for part in command]
        # With a name, because Windows can't read at a position of its own what another process writes.
        self._log = tempfile.NamedTemporaryFile(prefix="log-", delete_on_close=False)  # noqa: SIM115 - ended by stop
        self._final_log: str | None = None
        try:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        except OSError:
            self._remove_log()
            raise
        self._watchdog = subprocess.Popen(
            [sys.executable, *WATCHDOG, str(self.process.pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.wait_for(ready, timeout)
        except BaseException:
            self.stop()
            raise

    def wait_for(self, condition: str | Callable[[], bool], timeout: float = 10) -> None:
        """Wait until the log contains a text, or a function returns True.

        Raises:
            ProcessFailedError: the process ended first, or `timeout` seconds passed.
        """
        deadline = time.monotonic() + timeout
        while not (condition in self.log_text() if isinstance(condition, str) else condition()):
            code = self.process.poll()
            if code is not None:
                raise ProcessFailedError(self._describe(f"ended with exit code {code}"))
            if time.monotonic() > deadline:
                raise ProcessFailedError(self._describe(f"did not show {condition!r} within {timeout:g} s"))
            time.sleep(POLL_SECONDS)

    def log_text(self) -> str:
        """Return everything it has written so far to stdout and stderr; also after `stop`."""
        if self._final_log is not None:
            return self._final_log
        return Path(self._log.name).read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")

    def stop(self, grace: float = 10) -> int:
        """Ask the process and its children to end (TERM), after `grace` seconds make them (KILL); return the exit code.

        A second call only returns the code again.
        """
        if self._final_log is None:
            try:
                if self.process.poll() is None:
                    end_tree(self.process.pid, at_once=False)
                    with suppress(subprocess.TimeoutExpired):
                        self.process.wait(grace)
            finally:
                end_tree(self.process.pid, at_once=True)  # what is left: the process, or children that outlived it
                self.process.wait()
                self._watchdog.kill()
                self._watchdog.communicate()
                self._final_log = self.log_text()
                self._remove_log()
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _remove_log(self) -> None:
        self._log.close()
        Path(self._log.name).unlink(missing_ok=True)

    def _describe(self, problem: str) -> str:
        tail = "\n".join(self.log_text().splitlines()[-TAIL_LINES:])
        return f"`{' '.join(self.command)}` {problem}. Its output ended with:\n{tail}"


class RunningHost(ManagedProcess):
    """The local Functions host, serving."""

    _ADDRESS = re.compile(r"^Listening on (http://.+:(\d+))$", re.MULTILINE)
    _WORKER = re.compile(r"worker process (\d+) serves$", re.MULTILINE)

    def __init__(
        self,
        arguments: Sequence[str | Path],
        env: Mapping[str, str] | None,
        timeout: float,
        inside: Callable[..., list[str]] | None = None,
    ) -> None:
        """Start `python -m local.host` with `arguments`; see `start_host`."""
        command = [sys.executable, "-m", "local.host", *map(str, arguments)]
        command = inside(*command) if inside else command
        super().__init__(command, ready=self._find_address, env=env, cwd=PROJECT, timeout=timeout)

    @property
    def worker(self) -> int:
        """The id of the process that runs the functions at the moment."""
        return int(self._WORKER.findall(self.log_text())[-1])

    def _find_address(self) -> bool:
        match = self._ADDRESS.search(self.log_text())
        if match is None:
            return False
        self.url, self.port = match[1], int(match[2])
        return True


def start_host(
    app: Path,
    *,
    port: int = 0,
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
    arguments: Sequence[str] = (),
    inside: Callable[..., list[str]] | None = None,
) -> RunningHost:
    """Serve the Functions app in a folder by the local host, as a process of its own.

    Args:
        app: the folder with host.json: this project's, or an unpacked deployment package.
        port: where to listen; 0 picks a free port, which `port` and `url` of the result tell.
        env: app settings; they win over local.settings.json.
        timeout: seconds to wait until it listens, the import of every function included.
        arguments: further options of `python -m local.host`.
        inside: makes of the command one that runs it elsewhere, such as in a memory group.

    Raises:
        ProcessFailedError: it did not come up; the message holds the end of its log.
    """
    return RunningHost(["--app", app.resolve(), "--port", str(port), *arguments], env, timeout, inside)
