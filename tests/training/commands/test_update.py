"""`update`: pictures that came since training join groups and form new ones, and everything else stays."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from shared.model.bundle import read_bundle
from tests.conftest import noise_picture
from tests.training.commands.training_command import Train, write_json
from training.commands.app import app


def update(models: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["update", str(models / "books"), *options])


def test_new_pictures_come_in_beside_the_old(train: Train, pictures: Path, models: Path) -> None:
    train(pictures, "--labels", write_json(models / "names.json", {"a1.png": ["book"]}))
    shutil.copy(pictures / "a0.png", pictures / "again.png")
    for copy in range(4):
        noise_picture(5, (64 + 8 * copy, 48 + 6 * copy)).save(pictures / f"new{copy}.png")
    result = update(models)
    assert result.exit_code == 0, result.output
    assert "Joined: 1 picture in group 0 (book)" in result.stderr
    assert "New: group 2, with new" in result.stderr
    assert "5 new pictures, 0 of them in no group" in result.stderr
    assert read_bundle(models / "books").labels.labels == {0: ("book",)}
    result = update(models)
    assert "No new pictures: nothing to do" in result.stderr


def test_strange_pictures_are_a_reason_to_train_again(train: Train, pictures: Path, models: Path) -> None:
    train(pictures)
    for number in range(3):
        noise_picture(50 + number).save(pictures / f"strange{number}.png")
    summary = json.loads(update(models, "--json").stdout)
    assert (summary["new_pictures"], summary["unclustered"], summary["train_again"]) == (3, 3, True)
    noise_picture(60).save(pictures / "stranger.png")
    assert "100% of the new pictures are in no group" in update(models).stderr


def test_a_model_by_category_needs_the_categories(train: Train, pictures: Path, models: Path) -> None:
    (pictures / "all").mkdir()
    for path in list(pictures.glob("*.png")):
        path.rename(pictures / "all" / path.name)
    train(pictures, "--categories", "folders")
    result = update(models)
    assert result.exit_code == 1
    assert "give --categories, as for train" in result.stderr
    assert update(models, "--categories", "folders").exit_code == 0
