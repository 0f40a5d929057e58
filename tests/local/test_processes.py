import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.processes import PROJECT, ManagedProcess, ProcessFailedError, start_host
from tests.local.apps import write_app

SERVE = "import time; print('ready', flush=True); time.sleep(60)"
# Starts a child in the same group, says its id, and ignores TERM.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print('ready', child.pid, flush=True)
time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_gone(pid: int) -> bool:
    """Whether the process ended: it may stay a zombie for as long as nobody in this container reaps it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while not is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_gone(pid)


def test_it_waits_for_a_line_and_ends_with_the_block() -> None:
    with ManagedProcess(python(SERVE), ready="ready") as process:
        assert process.log_text() == "ready\n"
        assert process.process.poll() is None
    assert process.process.returncode == -signal.SIGTERM
    assert process.stop() == -signal.SIGTERM
    assert process.log_text() == "ready\n"


def test_it_waits_for_a_condition_and_passes_the_environment_on(tmp_path: Path) -> None:
    code = "import os, pathlib, time; pathlib.Path(os.environ['MARK']).touch(); time.sleep(60)"
    with ManagedProcess(python(code), ready=(tmp_path / "mark").exists, env={"MARK": "mark"}, cwd=tmp_path):
        assert (tmp_path / "mark").exists()


def test_a_process_that_dies_early_is_reported_with_its_output() -> None:
    with pytest.raises(ProcessFailedError, match=r"(?s)ended with exit code 3.*the reason"):
        ManagedProcess(python("import sys; print('the reason'); sys.exit(3)"), ready="ready")


def test_a_process_that_is_never_ready_is_stopped() -> None:
    with pytest.raises(ProcessFailedError, match=r"did not show 'ready' within 0\.5 s") as caught:
        ManagedProcess(["sh", "-c", "echo $$; exec sleep 60"], ready="ready", timeout=0.5)
    assert is_gone(int(str(caught.value).splitlines()[-1]))


def test_a_program_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        ManagedProcess(["no-such-program"], ready="ready")


def test_one_that_ignores_term_is_killed_with_its_children() -> None:
    process = ManagedProcess(python(STUBBORN), ready="ready")
    child = int(process.log_text().split()[1])
    assert process.stop(grace=0.1) == -signal.SIGKILL
    assert wait_until_gone(child)


def test_nothing_outlives_a_parent_that_is_killed() -> None:
    code = (
        "import sys, time\nfrom local.processes import ManagedProcess\n"
        f"process = ManagedProcess([sys.executable, '-c', {SERVE!r}], ready='ready')\n"
        "print('child', process.process.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True, cwd=PROJECT) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline().split()[1])
        assert not is_gone(child)
        parent.kill()
    assert wait_until_gone(child)


def test_a_host_that_does_not_start_reports_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailedError, match=r"(?s)exit code 1.*Error: no function to host"):
        start_host(write_app(tmp_path))


def test_text_that_came_before_is_found_too() -> None:
    with ManagedProcess(python(SERVE), ready=lambda: True) as process:
        process.wait_for("ready")
        process.wait_for("ready", timeout=0)
        # Not SIGINT: what a shell runs in the background ignores it, and so does all that is started from there.
        process.process.terminate()
        with pytest.raises(ProcessFailedError, match=f"exit code -{signal.SIGTERM}"):
            process.wait_for("never")
