import functools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shared import embedder
from shared.bundle import ASSIGNMENTS, CLUSTERS, LABELS, MANIFEST, REPORT, Labels, read_bundle, write_labels
from shared.embedder import Embedder, EmbedderSpec, open_embedder
from tests.bundles import link_graph
from tests.training.near_copies import EPS, near_copies
from training import embedding_cache
from training.cli import app
from training.dataset import recall_pictures

type Train = Callable[..., Result]


@pytest.fixture(scope="module")
def cache_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for this module: the same pictures need embedding only once."""
    return tmp_path_factory.mktemp("cache") / "embeddings.sqlite"


@pytest.fixture(scope="module")
def opened(graph: Path) -> Callable[[EmbedderSpec, Path], Embedder]:
    """Opens each embedder once, as all of this module's models have the same graph: it takes longer than to train."""
    known: dict[EmbedderSpec, Embedder] = {}

    def open_once(spec: EmbedderSpec, path: Path) -> Embedder:
        assert path.samefile(graph)
        if spec not in known:
            known[spec] = open_embedder(spec, graph)
        return known[spec]

    return open_once


@pytest.fixture
def models(tmp_path: Path, graph: Path) -> Path:
    link_graph(graph, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def train(
    models: Path,
    cache_file: Path,
    opened: Callable[[EmbedderSpec, Path], Embedder],
    monkeypatch: pytest.MonkeyPatch,
) -> Train:
    """The command, with an eps that suits near-copies unless another is given."""
    cache = functools.partial(embedding_cache.EmbeddingCache, path=cache_file)
    monkeypatch.setattr(embedding_cache, "EmbeddingCache", cache)
    monkeypatch.setattr(embedder, "open_embedder", opened)
    monkeypatch.setenv("COLUMNS", "200")  # else tables are as wide as the terminal that the tests run in

    def run(pictures: Path, *options: str) -> Result:
        eps = () if "--eps" in options else ("--eps", str(EPS))
        return CliRunner().invoke(
            app, ["train", str(pictures), "--name", "books", "--out", str(models), *eps, *options]
        )

    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return near_copies(tmp_path / "pictures")


def write(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def test_groups_are_found_told_and_written(train: Train, pictures: Path, models: Path) -> None:
    result = train(pictures)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "2 groups in 9 pictures" in result.stderr
    assert re.search(r"0 +│ +4 +│ \(unnamed\) +│ a\d\.png, a\d\.png, a\d\.png", result.stderr)
    assert re.search(r"│ +1 +│ \(unclustered\)", result.stderr)
    assert f"eps {EPS} (cosine), min_samples 3, pooling avg, resize antialias" in result.stderr
    bundle = read_bundle(models / "books")
    assert f"Wrote {models}/books (version {bundle.version})" in result.stderr
    assert f"Next: name the 2 unnamed groups with `python -m training label {models}/books`" in result.stderr
    counts = bundle.manifest.counts
    assert (counts.clusters, counts.clustered, counts.unclustered, counts.skipped) == (2, 8, 1, 0)
    assert recall_pictures(models / "books") == str(pictures)
    assert (models / "books" / REPORT).read_text("utf-8").startswith("<!")


def test_eps_is_chosen_and_the_reason_told(train: Train, pictures: Path, models: Path) -> None:
    result = train(pictures, "--eps", "auto")
    assert result.exit_code == 0, result.output
    assert "eps chosen: " in result.stderr
    assert read_bundle(models / "books").manifest.clustering.eps_chosen == "auto"


def test_json_is_all_there_is_on_stdout(train: Train, pictures: Path, models: Path) -> None:
    (pictures / "broken.png").write_bytes(b"")
    result = train(pictures, "--json", "--labels", write(models / "names.json", {"b2.png": ["chart"]}))
    summary = json.loads(result.stdout)
    assert summary["bundle"] == str(models / "books")
    assert summary["version"] == read_bundle(models / "books").version
    assert summary["clustering"] == {"metric": "cosine", "eps": EPS, "min_samples": 3, "eps_chosen": "given"}
    assert summary["embedder"]["pooling"] == "avg"
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


def test_pictures_that_can_not_be_read_are_named_and_the_rest_trained(train: Train, pictures: Path) -> None:
    (pictures / "not [really].jpg").write_bytes(b"a picture")
    result = train(pictures)
    assert result.exit_code == 0, result.output
    assert "Skipped not [really].jpg: it is not a picture in any known format" in result.stderr
    assert "2 groups in 9 pictures" in result.stderr


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
    result = train(pictures, "--labels", write(models / "names.json", names))
    assert result.exit_code == 0, result.output
    assert read_bundle(models / "books").labels.labels == {0: ("open book", "double spread"), 1: ("chart",)}
    assert "open book, double spread" in result.stderr
    assert f"Next: serve it with `MODEL_STORE={models} MODEL_NAME=books make serve`" in result.stderr


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"c.png": ["x"]}, "Error: c.png is not among the 9 pictures trained on"),
        ({"a0.png": []}, "names.json must map picture names to lists of names"),
    ],
)
def test_names_that_can_not_be_given_end_the_command(
    train: Train, pictures: Path, models: Path, names: object, message: str
) -> None:
    result = train(pictures, "--labels", write(models / "names.json", names))
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert not (models / "books").exists()


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


def test_training_again_keeps_the_names_and_tells_what_became_of_the_groups(
    train: Train, pictures: Path, models: Path
) -> None:
    train(pictures, "--labels", write(models / "names.json", {"a1.png": ["book"], "b0.png": ["chart"]}))
    for path in list(pictures.glob("a*.png")):
        path.unlink()
    for copy in range(4):
        shutil.copy(pictures / f"b{copy}.png", pictures / f"another{copy}.png")
    result = train(pictures)
    assert result.exit_code == 0, result.output
    assert "Carried: old group 1 (chart) is now group 0" in result.stderr
    assert "Gone: old group 0 (book)" in result.stderr
    assert read_bundle(models / "books").labels.labels == {0: ("chart",)}
    result = train(near_copies(pictures / "more", groups=1))
    assert "New: group 0" in result.stderr
    assert "Gone: old group 0 (chart)" in result.stderr


def test_merged_and_split_groups_are_told(train: Train, pictures: Path, models: Path) -> None:
    names = write(models / "names.json", {"a1.png": ["book"], "b0.png": ["chart"]})
    train(pictures, "--labels", names)
    result = train(pictures, "--eps", "0.06")
    assert "Merged: old groups 0 (book) and 1 (chart) are now group 0, which keeps book" in result.stderr
    result = train(pictures)
    assert "Split: old group 0 (book) is now groups 0 and 1, each with its names" in result.stderr
    assert read_bundle(models / "books").labels.labels == {0: ("book",), 1: ("book",)}


def test_names_are_forgotten_on_request(train: Train, pictures: Path, models: Path) -> None:
    train(pictures, "--labels", write(models / "names.json", {"a1.png": ["book"]}))
    result = train(pictures, "--no-carry")
    assert result.exit_code == 0, result.output
    assert read_bundle(models / "books").labels.labels == {}
    assert "Carried" not in result.stderr


def test_what_is_no_group_stays_none_and_needs_no_name(train: Train, pictures: Path, models: Path) -> None:
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--eps", "1e-6"), "Error: no 3 of the 9 pictures are within eps 1e-06 of one another: try a larger --eps"),
        (("--min-samples", "20", "--eps", "auto"), "or give a smaller --min-samples"),
        (("--name", "my books"), "Error: 'my books' can't be a model's name"),
        (("--name", "../books"), "Error: '../books' can't be a model's name"),
        (("--categories", "folders"), "Error: a0.png lies in no subfolder"),
        (("--labels", "missing.json"), "Error: missing.json can't be read: No such file or directory"),
        (("--categories", "missing.csv"), "Error: missing.csv can't be read"),
    ],
)
def test_what_is_wrong_is_told_in_words(
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


def test_a_picture_that_is_named_like_markup_is_printed_as_it_is(train: Train, tmp_path: Path, models: Path) -> None:
    folder = near_copies(tmp_path / "pictures", groups=1)
    for copy in range(4):
        (folder / f"a{copy}.png").rename(folder / f"[red]{copy} :smile:.png")
    result = train(folder)
    assert result.exit_code == 0, result.output
    assert re.search(r"│ \[red\]\d :smile:\.png, ", result.stderr)
    assert all(name.startswith("[red]") for name in read_bundle(models / "books").labels.exemplars[0])
