"""`train` as a command: what it finds, writes and tells."""

import json
import re
import shutil
from pathlib import Path

import pytest

from shared.model.bundle import ASSIGNMENTS, CLUSTERS, LABELS, MANIFEST, REPORT, read_bundle
from shared.pictures.listing import recall_pictures
from tests.training.commands.training_command import Train, write_json
from tests.training.near_copies import EPS, near_copies


def test_groups_are_found_reported_and_written(train: Train, pictures: Path, models: Path) -> None:
    result = train(pictures)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "The groups in 9 pictures: 2" in result.stderr
    assert re.search(r"0 +│ +4 +│ \(unnamed\) +│ a\d\.png, a\d\.png, a\d\.png", result.stderr)
    assert re.search(r"│ +1 +│ \(unclustered\)", result.stderr)
    assert f"neighbours 0, eps (cosine) {EPS}, min_samples 3, pooling rmac, resize antialias" in result.stderr
    bundle = read_bundle(models / "books")
    assert f"Wrote {models}/books (version {bundle.version})" in result.stderr
    assert "Next: name the 2 unnamed groups with `" in result.stderr
    assert f"python -m training label {models}/books`" in result.stderr
    counts = bundle.manifest.counts
    assert (counts.clusters, counts.clustered, counts.unclustered, counts.skipped) == (2, 8, 1, 0)
    assert recall_pictures(models / "books") == str(pictures)
    assert (models / "books" / REPORT).read_text("utf-8").startswith("<!")


def test_eps_is_chosen_and_the_reason_shown(train: Train, pictures: Path, models: Path) -> None:
    result = train(pictures, "--eps", "auto")
    assert result.exit_code == 0, result.output
    assert "Chosen: " in result.stderr
    assert read_bundle(models / "books").manifest.clustering.eps_chosen == "auto"


def test_json_is_all_there_is_on_stdout(train: Train, pictures: Path, models: Path) -> None:
    (pictures / "broken.png").write_bytes(b"")
    result = train(pictures, "--json", "--labels", write_json(models / "names.json", {"b2.png": ["chart"]}))
    summary = json.loads(result.stdout)
    assert summary["bundle"] == str(models / "books")
    assert summary["version"] == read_bundle(models / "books").version
    assert summary["clustering"] == {
        "metric": "cosine",
        "eps": EPS,
        "min_samples": 3,
        "eps_chosen": "given",
        "neighbours": 0,
    }
    assert summary["embedder"]["pooling"] == "rmac"
    assert summary["sizes"] == [4, 4]
    assert summary["labels"] == {"1": ["chart"]}
    assert summary["skipped"] == {"broken.png": "it is empty (0 bytes)"}
    assert summary["counts"] == {
        "pictures": 9,
        "clustered": 8,
        "unclustered": 1,
        "skipped": 1,
        "clusters": 2,
        "core_samples": 8,
    }


def test_the_same_pictures_in_another_order_give_the_same_model(
    train: Train, pictures: Path, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    for path in sorted(pictures.iterdir(), reverse=True):
        shutil.copy(path, tmp_path / "copy")
    assert train(pictures).exit_code == 0
    first = (models / "books").rename(models / "first")
    assert train(tmp_path / "copy").exit_code == 0
    for name in (CLUSTERS, ASSIGNMENTS, LABELS):
        assert (models / "books" / name).read_bytes() == (first / name).read_bytes()
    manifests = [json.loads((folder / MANIFEST).read_bytes()) for folder in (first, models / "books")]
    assert manifests[0] | {"created": ""} == manifests[1] | {"created": ""}


def test_unreadable_pictures_are_named_and_the_rest_trained(train: Train, pictures: Path) -> None:
    (pictures / "not [really].jpg").write_bytes(b"a picture")
    result = train(pictures)
    assert result.exit_code == 0, result.output
    assert "Skipped not [really].jpg: it is not a picture in any known format" in result.stderr
    assert "The groups in 9 pictures: 2" in result.stderr


@pytest.mark.parametrize(
    ("options", "clustering", "spec"),
    [
        (("--metric", "euclidean", "--eps", "2"), {"metric": "euclidean"}, {}),
        (("--pooling", "flatten", "--resize", "point", "--eps", "0.1"), {}, {"pooling": "flatten", "resize": "point"}),
        (("--min-samples", "4"), {"min_samples": 4}, {}),
    ],
)
def test_options_are_followed_and_recorded(
    train: Train,
    pictures: Path,
    models: Path,
    options: tuple[str, ...],
    clustering: dict[str, object],
    spec: dict[str, object],
) -> None:
    result = train(pictures, *options)
    assert result.exit_code == 0, result.output
    bundle = read_bundle(models / "books")
    assert bundle.manifest.clustering.model_dump().items() >= clustering.items()
    assert bundle.manifest.embedder.model_dump().items() >= spec.items()
    assert bundle.manifest.counts.clusters == 2


def test_names_are_given_by_picture(train: Train, pictures: Path, models: Path) -> None:
    names = {"a1.png": ["open book", "double spread"], "b0.png": ["chart"]}
    result = train(pictures, "--labels", write_json(models / "names.json", names))
    assert result.exit_code == 0, result.output
    assert read_bundle(models / "books").labels.labels == {0: ("open book", "double spread"), 1: ("chart",)}
    assert "open book, double spread" in result.stderr
    assert f"python -m local.host --store {models} --model books`" in result.stderr


def test_folders_are_categories(train: Train, models: Path, tmp_path: Path) -> None:
    near_copies(tmp_path / "pictures" / "art")
    near_copies(tmp_path / "pictures" / "maps", groups=1)
    result = train(tmp_path / "pictures", "--categories", "folders")
    assert result.exit_code == 0, result.output
    assert read_bundle(models / "books").manifest.categories == {"art": (0, 1), "maps": (2,)}
    assert re.search(r"2 +│ maps +│ +4 ", result.stderr)


def test_a_csv_file_gives_categories(train: Train, pictures: Path, models: Path) -> None:
    file = models / "categories.csv"
    rows = [f"{path.name},{'first' if path.name[0] == 'a' else 'second'}\n" for path in pictures.iterdir()]
    file.write_text("picture,category\n" + "".join(rows))
    result = train(pictures, "--categories", str(file))
    assert result.exit_code == 0, result.output
    assert read_bundle(models / "books").manifest.categories == {"first": (0,), "second": (1,)}
    file.write_text("picture,category\na0.png,first\n")
    result = train(pictures, "--categories", str(file))
    assert result.exit_code == 1
    assert "categories.csv has no category for a1.png (8 pictures are missing in all)" in result.stderr


def test_a_picture_that_is_named_like_markup_is_printed_as_it_is(train: Train, tmp_path: Path, models: Path) -> None:
    folder = near_copies(tmp_path / "pictures", groups=1)
    for copy in range(4):
        (folder / f"a{copy}.png").rename(folder / f"[red]{copy} :smile:.png")
    result = train(folder)
    assert result.exit_code == 0, result.output
    assert re.search(r"│ \[red\]\d :smile:\.png, ", result.stderr)
    assert all(name.startswith("[red]") for name in read_bundle(models / "books").labels.exemplars[0])
