"""What `python -m local.setup` says and leaves undone; that it sets a machine up is what every other test rests on."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from local import setup
from local.setup import RUN, SetupError, install, install_azurite


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to set up that only this test has."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / RUN).write_text("numpy==2\n")
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / ".venv").mkdir()
    for name, path in (("ROOT", ""), ("ENVIRONMENT", ".venv"), ("STAMP", ".venv/.installed")):
        monkeypatch.setattr(setup, name, tmp_path / path)
    monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
    return tmp_path


def test_what_is_installed_is_not_installed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "UV", root / "missing")
    (root / ".venv/.installed").write_text(hashlib.sha256((root / RUN).read_bytes()).hexdigest())
    install(RUN)


def test_a_failed_step_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "UV", Path(sys.executable))  # which has no script called pip
    with pytest.raises(SetupError, match=r"`\S+ pip install .*` failed: .* MB are free .* it goes on from"):
        install(RUN)
    assert not (root / ".venv/.installed").exists()


def test_another_python_is_told_which_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 2))
    with pytest.raises(SetupError, match=r"Python 3\.13 is needed; this is .* `make PYTHON=python3\.13 demo`"):
        install(RUN)


def test_azurite_without_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_command: str) -> None:
        """No such program."""

    monkeypatch.setattr(shutil, "which", nowhere)
    with pytest.raises(SetupError, match=r"install Node\.js 20 or newer"):
        install_azurite()


def test_an_interrupted_setup_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_requirements: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "install", interrupt)
    monkeypatch.setattr(sys, "argv", ["setup"])
    assert setup.main() == 130
    assert "run the same command again to go on" in capsys.readouterr().err


def test_an_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(setup, "UV", Path(sys.executable))  # which has no script called pip
    monkeypatch.setattr(sys, "argv", ["setup"])
    assert setup.main() == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith("Error: `")
