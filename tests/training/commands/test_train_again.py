"""`train` on pictures that were trained on before: names are kept, and what became of the groups is told."""

import shutil
from pathlib import Path

from shared.model.bundle import CLUSTERS, Labels, read_bundle, write_labels
from tests.training.commands.training_command import Train, write_json
from tests.training.near_copies import near_copies


def test_training_again_keeps_the_names_and_reports_changed_groups(train: Train, pictures: Path, models: Path) -> None:
    train(pictures, "--labels", write_json(models / "names.json", {"a1.png": ["book"], "b0.png": ["chart"]}))
    for path in list(pictures.glob("a*.png")):
        path.unlink()
    for copy in range(4):
        shutil.copy(pictures / f"b{copy}.png", pictures / f"another{copy}.png")
    result = train(pictures)
    assert result.exit_code == 0, result.output
    assert "Carried: group 1 (chart)" in result.stderr
    assert "Gone: old group 0 (book)" in result.stderr
    assert read_bundle(models / "books").labels.labels == {1: ("chart",)}
    result = train(near_copies(pictures / "more", groups=1))
    assert "New: group 2" in result.stderr
    assert "Gone: old group 1 (chart)" in result.stderr


def test_merged_and_split_groups_are_reported(train: Train, pictures: Path, models: Path) -> None:
    names = write_json(models / "names.json", {"a1.png": ["book"], "b0.png": ["chart"]})
    train(pictures, "--labels", names)
    result = train(pictures, "--eps", "0.12")
    assert "Merged: old groups 0 (book) and 1 (chart) are now group 0, which keeps book, chart" in result.stderr
    result = train(pictures)
    assert "Split: old group 0 (book, chart) is now groups 0 and 2, each with its names" in result.stderr
    assert read_bundle(models / "books").labels.labels == {0: ("book", "chart"), 2: ("book", "chart")}


def test_names_are_forgotten_on_request(train: Train, pictures: Path, models: Path) -> None:
    train(pictures, "--labels", write_json(models / "names.json", {"a1.png": ["book"]}))
    result = train(pictures, "--no-carry")
    assert result.exit_code == 0, result.output
    assert read_bundle(models / "books").labels.labels == {}
    assert "Carried" not in result.stderr


def test_not_a_group_survives_training_and_needs_no_name(train: Train, pictures: Path, models: Path) -> None:
    train(pictures)
    write_labels(models / "books", Labels(labels={0: ("book",)}, not_groups=(1,)))
    result = train(pictures)
    assert read_bundle(models / "books").labels.not_groups == (1,)
    assert "not a group" in result.stderr
    assert "Next: serve it" in result.stderr


def test_a_damaged_model_is_not_overlooked_but_can_be_replaced(train: Train, pictures: Path, models: Path) -> None:
    train(pictures)
    (models / "books" / CLUSTERS).write_bytes(b"damaged")
    result = train(pictures)
    assert result.exit_code == 1
    assert "clusters.npz is not the file its manifest lists" in result.stderr
    assert train(pictures, "--no-carry").exit_code == 0
    assert read_bundle(models / "books").manifest.counts.clusters == 2
