"""One writer a model: whoever comes second is told who holds it, and changes nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.stores.opening import open_store
from tests.conftest import PROJECT
from tests.disks import make_read_only, small_disk
from tests.tiny_models import tiny_model
from training.commands.app import app
from training.model_lock import InUseError, hold
from training.progress import no_progress
from training.release.publishing import publish

HOLDER = """
import sys
from pathlib import Path
from training.model_lock import hold
with hold(Path(sys.argv[1]), "training"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_holds(folder: Path) -> Generator[subprocess.Popen[str]]:
    """Another process trains into a model's folder."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_one_who_publishes_waits_for_another_who_does(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    order: list[str] = []

    def second() -> None:
        with hold(folder, "publishing"):
            order.append("second")

    with hold(folder, "publishing"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_the_second_is_told_who_holds_it_until_that_ends_however_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    with another_holds(folder) as process:
        told = rf"books is in use by training \(process {process.pid} on {socket.gethostname()}, since 20..-.*\): wait"
        with pytest.raises(InUseError, match=told), hold(folder, "the naming page"):
            pytest.fail("let in")
        with hold(tmp_path / "other", "training"):
            pass
        process.kill()
        process.wait()
        with (
            hold(folder, "the naming page"),
            pytest.raises(InUseError, match=f"the naming page .process {os.getpid()}"),
        ):
            hold(folder, "training").__enter__()
    assert not (tmp_path / ".books.holder").exists()


def test_a_folder_that_can_not_be_written_beside_keeps_nobody_out(tmp_path: Path) -> None:
    with small_disk(kilobytes=64) as disk:
        (disk / "books").mkdir()
        make_read_only(disk)
        with hold(disk / "books", "publishing"), hold(disk / "books", "publishing"):
            pass


@pytest.mark.parametrize(
    "command",
    [
        "train PICTURES --name books --out models",
        "publish models/books --to store",
        "report models/books",
        "fetch --name books --to models --store store",
        f"import-original {PROJECT}/tests/fixtures/original/sklearn-1.5.pkl --name books --out models",
    ],
    ids=lambda command: command.split()[0],
)
def test_every_command_that_writes_to_a_model_waits_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_model(tmp_path / "models")
    folder = tmp_path / "models" / "books"
    publish(open_store("store"), folder, no_progress)
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    with another_holds(folder):
        done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 1
    assert "in use by training (process" in " ".join(done.output.split())
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before
