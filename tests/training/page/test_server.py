"""The page as a process: one a bundle, one a port, ended without loss."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shared.command_line.ports import PortError
from shared.model.bundle import read_bundle
from tests.training.galleries import open_plainly
from training.model_lock import InUseError
from training.page.server import serve
from training.report.version import reported_version


@contextmanager
def process(folder: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A page in a process, and its link."""
    command = [sys.executable, "-m", "tests.training.page.serve_plainly", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def name_group(link: str, name: str) -> None:
    origin = link.split("/?", maxsplit=1)[0]
    with httpx.Client(headers={"Origin": origin}) as client:
        client.get(link).raise_for_status()
        edit = {"op": "name", "group": 0, "add": [name]}
        client.post(f"{origin}/api/change", json=edit).raise_for_status()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_a_report_that_is_up_to_date(folder: Path, how: signal.Signals) -> None:
    with process(folder) as (running, link):
        name_group(link, "boat")
        running.send_signal(how)
        assert running.wait(60) == 0
    bundle = read_bundle(folder)
    assert bundle.labels.labels == {0: ("boat",)}
    assert reported_version(folder) == bundle.version


def test_a_kill_loses_nothing(folder: Path) -> None:
    with process(folder) as (running, link):
        name_group(link, "boat")
        running.kill()
        running.wait(60)
    assert read_bundle(folder).labels.labels == {0: ("boat",)}


def test_the_port_is_this_machine_only_and_the_bundle_one_page_only(folder: Path) -> None:
    with process(folder) as (_, link):
        assert link.startswith("http://127.0.0.1:")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", int(re.findall(r":(\d+)/", link)[0])), timeout=5)
        with pytest.raises(InUseError, match="in use by the naming page"):
            serve(open_plainly(folder), 0, lambda link: pytest.fail("served twice"))


def test_a_port_in_use_is_said_to_be(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortError, match="Choose another with --port"):
        serve(open_plainly(folder), taken.getsockname()[1], lambda link: pytest.fail("served"))
