"""What every command looks like: texts that can be typed, numbers that read well, an end that says what is kept."""

import os
import shlex
import sys
from pathlib import Path

import pytest
import typer

from shared.command_line.console import count, errors_in_words, quoted, typed
from shared.errors import UserError


def test_a_command_is_shown_as_it_can_be_typed_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.chdir(tmp_path)
    assert typed("run `python -m training weights`") == "run `.venv/bin/python -m training weights`"
    assert typed("`MODEL_STORE=m python -m local.host`") == "`MODEL_STORE=m .venv/bin/python -m local.host`"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert typed("`python -m training`") == f"`{python} -m training`"


def test_a_path_with_blanks_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "my pictures" / ".venv" / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    assert shlex.split(typed("`python -m training`").strip("`")) == [str(python), "-m", "training"]


@pytest.mark.skipif(os.name == "nt", reason="the paths of the other tests are POSIX's")
def test_other_texts_stay_as_they_are() -> None:
    for text in ("python -m training", "`pip install x`", "a `b` c"):
        assert typed(text) == text


def test_what_is_printed_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), errors_in_words():
        raise UserError("run `python -m training weights` first")
    shown = capsys.readouterr().err
    assert "`python -m" not in shown
    assert "python -m training weights` first" in shown


def test_an_interrupted_command_says_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, errors_in_words("Embeddings are kept: run it again to resume."):
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err.strip() == "Interrupted. Embeddings are kept: run it again to resume."


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 groups"), (1, "1 group"), (2, "2 groups"), (1234, "1,234 groups")]
)
def test_one_is_singular(number: int, words: str) -> None:
    assert count(number, "group") == words
    assert count(number, "entry", "entries") == words.replace("groups", "entries").replace("group", "entry")


@pytest.mark.parametrize(
    ("program", "windows", "shown"),
    [
        (".venv/bin/python", False, ".venv/bin/python"),
        ("/my pictures/.venv/bin/python", False, "'/my pictures/.venv/bin/python'"),
        (r".venv\Scripts\python.exe", True, r".venv\Scripts\python.exe"),
        (r"C:\My Pictures\.venv\Scripts\python.exe", True, r'"C:\My Pictures\.venv\Scripts\python.exe"'),
    ],
)
def test_a_program_can_be_typed_in_either_systems_shell(program: str, windows: bool, shown: str) -> None:
    assert quoted(program, windows=windows) == shown
