import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import PROJECT
from training.commands.app import app


def test_the_sample_model_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    found = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    books = next(row for row in found if row["name"] == "books")
    assert (books["clusters"], books["named"]) == (3, 3)
    assert "books" in CliRunner().invoke(app, ["models"]).stdout


def test_a_damaged_model_is_named_beside_the_others(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "models/books", tmp_path / "books")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged/manifest.json").write_text("{")
    result = CliRunner().invoke(app, ["models", str(tmp_path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "books" in result.stdout
    assert "Left out damaged: " in result.stderr


def test_a_folder_without_models_has_none(tmp_path: Path) -> None:
    assert "0 models" in CliRunner().invoke(app, ["models", str(tmp_path)]).stdout


def test_a_model_is_found_by_its_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").symlink_to(PROJECT / "models")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["versions", "--name", "books", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    unknown = CliRunner().invoke(app, ["report", "boks"], env={"COLUMNS": "200"})
    assert unknown.exit_code == 2
    assert "boks is neither a model's folder nor one of the models in models/: books" in unknown.output
    found = CliRunner().invoke(app, ["report", "books", "--pictures", str(tmp_path / "nothing")])
    assert f"{tmp_path / 'nothing'} is not a folder" in found.output


def test_a_name_the_console_cannot_show_stops_nothing(tmp_path: Path) -> None:
    """Windows encodes what goes into a pipe in its own code page."""
    folder = tmp_path / "写真"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "training", "models", str(folder)],
        capture_output=True,
        check=False,
        cwd=PROJECT,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    assert b"\\u5199\\u771f: 0 models" in done.stdout
