"""What `train` refuses, in words, and before it writes anything."""

from pathlib import Path

import pytest

from shared.model.bundle import MANIFEST
from tests.training.commands.training_command import Train, write_json


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"c.png": ["x"]}, "Error: c.png is not among the 9 pictures trained on"),
        ({"a0.png": []}, "names.json must map picture names to lists of names"),
    ],
)
def test_names_that_cannot_be_assigned_end_the_command(
    train: Train, pictures: Path, models: Path, names: object, message: str
) -> None:
    result = train(pictures, "--labels", write_json(models / "names.json", names))
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert not (models / "books").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--eps", "1e-6"), "Error: no 3 of the 9 pictures are within eps 1e-06 of one another: try a larger --eps"),
        (("--min-samples", "20", "--eps", "auto"), "or give a smaller --min-samples"),
        (("--name", "my books"), "Error: 'my books' can't be a model's name"),
        (("--name", "../books"), "Error: '../books' can't be a model's name"),
        (("--categories", "folders"), "Error: a0.png lies in no subfolder"),
        (("--out", "/dev/null"), "Error: /dev/null is not a folder"),
        (("--labels", "missing.json"), "Error: missing.json can't be read: No such file or directory"),
        (("--categories", "missing.csv"), "Error: missing.csv can't be read"),
    ],
)
def test_errors_are_explained(
    train: Train, pictures: Path, models: Path, options: tuple[str, ...], message: str
) -> None:
    result = train(pictures, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(models.parent.rglob(MANIFEST))


@pytest.mark.parametrize(
    "options",
    [
        ("--eps", "small"),
        ("--eps", "0"),
        ("--eps", "-1"),
        ("--eps", "nan"),
        ("--eps", "inf"),
        ("--eps", "1e-50"),
        ("--eps", "3"),
        ("--min-samples", "0"),
        ("--metric", "manhattan"),
        ("--pooling", "sum"),
        ("--resize", "bicubic"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_read(
    train: Train, tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = train(tmp_path / "not there", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value" in result.stderr


def test_a_folder_that_gives_nothing_is_named(train: Train, tmp_path: Path) -> None:
    (tmp_path / "empty [1]").mkdir()
    result = train(tmp_path / "empty [1]")
    assert result.exit_code == 1
    assert f"Error: {tmp_path}/empty [1] holds no pictures" in result.stderr
    (tmp_path / "empty [1]" / "a.jpg").write_bytes(b"")
    result = train(tmp_path / "empty [1]")
    assert result.exit_code == 1
    assert "Error: none of the 1 pictures could be read. a.jpg: it is empty (0 bytes)" in result.stderr
    result = train(tmp_path / "missing")
    assert result.exit_code == 1
    assert f"Error: {tmp_path}/missing is not a folder" in result.stderr
