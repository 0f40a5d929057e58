import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import PROJECT
from training.commands.app import app

pytestmark = pytest.mark.usefixtures("opened_network", "shared_cache")


@pytest.fixture
def command(tmp_path: Path, picture_folder: Callable[..., Path]) -> list[str]:
    return ["eps", str(picture_folder()), "--output", str(tmp_path / "eps.html")]


def test_numbers_and_a_page(command: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "chosen" in result.stderr
    page = (tmp_path / "eps.html").read_text()
    assert "<polyline" in page
    assert "Content-Security-Policy" in page


def test_json(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--json"])
    found = json.loads(result.stdout)
    assert found["eps"] > 0
    assert len({len(values) for values in found["curve"].values()}) == 1
    assert max(found["curve"]["clusters"]) == 2


def test_too_few_pictures_say_what_to_do(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--min-samples", "50"])
    assert result.exit_code == 1
    assert "--min-samples" in result.stderr


def test_the_page_lies_beside_the_models(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = picture_folder()
    (pictures / "notes.jpg").write_text("not a picture")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/embedders").symlink_to(PROJECT / "models/embedders")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["eps", str(pictures)], env={"COLUMNS": "200"})
    assert "Skipped notes.jpg: it is not a picture in any known format" in result.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []
    assert (tmp_path / "models/eps.html").exists()
