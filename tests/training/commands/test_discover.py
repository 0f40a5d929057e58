"""`discover`: groups are proposed, and nothing is answered with them."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from shared.model.bundle import read_bundle
from tests.conftest import noise_picture
from tests.training.commands.training_command import Train
from training.commands.app import app


def discover(models: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["discover", str(models / "books"), *options])


def test_a_folder_of_a_new_kind_is_proposed(train: Train, pictures: Path, models: Path, tmp_path: Path) -> None:
    train(pictures)
    (tmp_path / "met").mkdir()
    for copy in range(4):
        noise_picture(5, (64 + 8 * copy, 48 + 6 * copy)).save(tmp_path / "met" / f"new{copy}.png")
    noise_picture(70).save(tmp_path / "met" / "strange.png")
    (tmp_path / "met" / "again.png").write_bytes((pictures / "a0.png").read_bytes())
    result = discover(models, str(tmp_path / "met"))
    assert result.exit_code == 0, result.output
    assert "1 picture would be in groups that there are" in result.stderr
    assert "Proposed: group 2, 4 pictures like new" in result.stderr
    assert read_bundle(models / "books").labels.proposed == (2,)
    summary = json.loads(discover(models, str(tmp_path / "met"), "--json").stdout)
    assert (summary["proposed"], summary["known_groups"], summary["unclustered"]) == ({}, {"0": 1}, 1)
    assert "No new groups in 2 pictures" in discover(models, str(tmp_path / "met")).stderr


def test_the_index_is_asked_by_the_search_commands(train: Train, pictures: Path, models: Path) -> None:
    train(pictures)
    result = discover(models, "--index", str(pictures))
    assert result.exit_code == 2
    assert "either in the index or in a folder" in " ".join(result.stderr.split())
    assert discover(models, "--index").exit_code == 1  # SEARCH_ENDPOINT is not set
