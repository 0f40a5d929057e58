from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.cluster import DBSCAN
from typer.testing import CliRunner

from shared.embedding.embedder import open_embedder
from shared.model.bundle import Labels, read_bundle
from shared.model.core_samples import CoreSamples
from shared.model.model import open_model
from shared.stores.graphs import graph_path
from tests.training.original.hostile_pickles import command, dumped
from training.commands.app import app
from training.network.weights import GRAPH_SHA256
from training.original import safe_pickle
from training.original.import_original import SPEC, import_original, read_labels, read_model
from training.original.unpack import RefusedError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "original"
LABELS = FIXTURES / "labels.pkl"
DIMENSIONS = 7 * 7 * 512


@pytest.fixture(params=["sklearn-0.24.pkl", "sklearn-1.5.pkl"])
def model(request: pytest.FixtureRequest) -> Path:
    return FIXTURES / request.param


def fitted(**changes: object) -> DBSCAN:
    """A model of four pictures, three of them core samples of two clusters, as scikit-learn leaves it."""
    vectors = np.zeros((4, DIMENSIONS), dtype=np.float32)
    vectors[[0, 1, 2, 3], [0, 0, 1, 2]] = 1
    model = DBSCAN(eps=0.5, min_samples=1, metric="cosine")
    attributes: dict[str, Any] = {
        "components_": vectors[:3],
        "core_sample_indices_": np.arange(3),
        "labels_": np.array([0, 0, 1, -1]),
    }
    for name, value in (attributes | changes).items():
        setattr(model, name, value)
    return model


def saved(folder: Path, value: object) -> Path:
    path = folder / "MODEL.pkl"
    path.write_bytes(dumped(value))
    return path


def test_the_bundle_says_how_the_original_made_its_embeddings(model: Path, tmp_path: Path) -> None:
    bundle = import_original(model, LABELS, "books", tmp_path / "books").bundle
    assert bundle.manifest.embedder.resize == "point"
    assert bundle.manifest.embedder.pooling == "flatten"
    assert bundle.manifest.embedder.dimensions == DIMENSIONS
    clustering = bundle.manifest.clustering
    assert (clustering.metric, clustering.eps, clustering.min_samples) == ("cosine", 0.4, 3)
    assert bundle.manifest.counts.model_dump() == {
        "pictures": 7,
        "clustered": 6,
        "unclustered": 1,
        "skipped": 0,
        "clusters": 2,
        "core_samples": 4,
    }
    assert bundle.arrays.pictures.tolist() == [1, 3, 4, 5]


def test_old_and_new_scikit_learn_give_the_same_model(tmp_path: Path) -> None:
    versions = {
        import_original(FIXTURES / f"sklearn-{version}.pkl", LABELS, "books", tmp_path / version).bundle.version
        for version in ("0.24", "1.5")
    }
    assert len(versions) == 1


def test_core_samples_are_found_in_their_own_clusters(model: Path, tmp_path: Path) -> None:
    bundle = import_original(model, None, "books", tmp_path / "books").bundle
    core = CoreSamples(bundle.arrays.vectors, bundle.arrays.clusters, bundle.manifest.clustering.metric)
    nearest = core.nearest(bundle.arrays.vectors)
    assert nearest.within(bundle.manifest.clustering.eps).tolist() == [0, 1, 1, 1]
    np.testing.assert_allclose(nearest.distances, 0, atol=1e-6)


def test_an_imported_model_answers_as_the_original_did(
    graph: Path, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    embedder = open_embedder(SPEC, graph)
    pictures = sorted(picture_folder(each=2).iterdir())
    vectors = embedder.embed([embedder.picture(path.read_bytes()) for path in pictures])
    trained = DBSCAN(eps=0.25, min_samples=2, metric="cosine").fit(vectors)
    assert trained.labels_.tolist() == [0, 0, 1, 1, -1]
    labels = tmp_path / "labels.pkl"
    labels.write_bytes(dumped({0: ["open book", "double spread"]}))
    bundle = import_original(saved(tmp_path, trained), labels, "books", tmp_path / "books").bundle
    answers = open_model(bundle, graph).assign(vectors)
    assert [answer.cluster for answer in answers] == trained.labels_.tolist()
    assert [answer.names for answer in answers] == [("open book", "double spread")] * 2 + [()] * 3


def test_names_keep_their_ids_and_unknown_ones_are_reported(model: Path, tmp_path: Path) -> None:
    imported = import_original(model, LABELS, "books", tmp_path / "books")
    assert imported.bundle.labels == Labels(
        labels={0: ("book cover", "closed book"), 1: ("open book", "double spread")}
    )
    assert imported.left_out == {2: ("book shelf", "library")}


def test_pictures_are_numbered_where_the_file_has_no_names(model: Path, tmp_path: Path) -> None:
    import_original(model, None, "books", tmp_path / "books")
    with (tmp_path / "books" / "assignments.csv").open() as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rows == [
        ("picture-0", "0", "", "no"),
        ("picture-1", "0", "0.000000", "yes"),
        ("picture-2", "0", "", "no"),
        ("picture-3", "1", "0.000000", "yes"),
        ("picture-4", "1", "0.000000", "yes"),
        ("picture-5", "1", "0.000000", "yes"),
        ("picture-6", "-1", "", "no"),
    ]


def test_reads_what_scikit_learn_itself_saves(tmp_path: Path) -> None:
    path = saved(tmp_path, fitted(components_=np.eye(3, DIMENSIONS), eps=np.float64(0.25)))
    bundle = import_original(path, None, "books", tmp_path / "books").bundle
    assert bundle.manifest.clustering.eps == 0.25
    assert bundle.manifest.made_with["scikit-learn"] == sklearn.__version__
    np.testing.assert_array_equal(bundle.arrays.vectors, np.eye(3, DIMENSIONS))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"metric": "manhattan"}, "metric is manhattan; only cosine and euclidean"),
        ({"metric": None}, "metric is a NoneType"),
        ({"eps": 0.0}, "eps is not a positive number"),
        ({"eps": float("nan")}, "eps is not a positive number"),
        ({"eps": float("inf")}, "eps is not a positive number"),
        ({"eps": "0.5"}, "eps is not a positive number"),
        ({"min_samples": 0}, "min_samples is not a positive whole number"),
        ({"components_": None}, "no array components_: only a fitted model"),
        ({"components_": np.zeros((3, 512), np.float32)}, "embeddings have 512 numbers, not 25088"),
        ({"components_": np.zeros((3, DIMENSIONS), np.int64)}, "components_ is int64"),
        ({"components_": np.zeros(3, np.float32)}, "components_ is float32 with 1 dimensions"),
        ({"components_": np.zeros((0, DIMENSIONS), np.float32)}, "found no cluster"),
        ({"components_": np.full((3, DIMENSIONS), np.nan)}, "not finite"),
        ({"components_": np.full((3, DIMENSIONS), 1e300)}, "not finite"),
        ({"core_sample_indices_": np.arange(2)}, "3 core samples, but 2 core_sample_indices_"),
        ({"core_sample_indices_": np.array([0, 1, 4])}, "not positions among its 4 labels_"),
        ({"core_sample_indices_": np.array([0, 1, 1])}, "not positions among its 4 labels_"),
        ({"core_sample_indices_": np.array([0, 1, -1])}, "not positions among its 4 labels_"),
        ({"labels_": np.array([0, 0, -1, -1])}, "not clusters numbered from 0"),
        ({"labels_": np.array([0, 0, 2, -1])}, "not clusters numbered from 0"),
        ({"labels_": np.array([0, 0, 1, 2])}, "not clusters numbered from 0"),
        ({"labels_": np.array([0, 0, 1, -2])}, "not clusters numbered from 0"),
    ],
)
def test_refuses_models_that_do_not_hold_together(changes: dict[str, object], complaint: str, tmp_path: Path) -> None:
    path = saved(tmp_path, fitted(**changes))
    with pytest.raises(RefusedError, match="is not a model of the original sample: ") as caught:
        read_model(path)
    assert complaint in str(caught.value)


def test_tells_label_files_from_models(model: Path) -> None:
    with pytest.raises(RefusedError, match="holds a dict, not a DBSCAN model: is it the label file"):
        read_model(LABELS)
    with pytest.raises(RefusedError, match=r"asks for ml\.models\.DBSCAN\.DBSCANv2, which a file of labels does not"):
        read_labels(model)


def test_reads_names_given_alone_or_in_a_tuple(tmp_path: Path) -> None:
    path = saved(tmp_path, {0: "shelf", np.int64(1): ("open book", "double spread"), 2: []})
    assert read_labels(path) == {0: ("shelf",), 1: ("open book", "double spread"), 2: ()}


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        (["shelf"], "holds a list, not a dict"),
        ({"0": ["shelf"]}, "a key of type str that is not a cluster id"),
        ({True: ["shelf"]}, "a key of type bool that is not a cluster id"),
        ({1 << 40_000: ["shelf"]}, "a key of type int that is not a cluster id"),
        ({0: None}, "cluster 0 has a NoneType for names"),
        ({0: [1]}, "cluster 0 has a list for names, not a list of strings"),
        ({0: [" "]}, "cluster 0 has a name that is empty or can't be printed"),
        ({0: ["\x1b[2J"]}, "cluster 0 has a name that is empty or can't be printed"),
        ({0: ["name"] * 101}, "cluster 0 has 101 names, more than 100"),
        ({0: ["\ud800"]}, "cluster 0 has a name that is empty or can't be printed"),
    ],
)
def test_refuses_labels_that_are_not_names(labels: object, complaint: str, tmp_path: Path) -> None:
    path = saved(tmp_path, labels)
    with pytest.raises(RefusedError, match="MODEL") as caught:
        read_labels(path)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("file", ["sklearn-0.24.pkl", "sklearn-1.5.pkl", "labels.pkl"])
def test_damaged_files_are_refused_or_read_but_never_break_the_reader(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (FIXTURES / file).read_bytes()
    read = read_labels if file == LABELS.name else read_model
    chance = random.Random(4)

    def read_damaged(_: Path) -> bytes:
        return damaged(content, chance)

    monkeypatch.setattr(safe_pickle, "read_unpacked", read_damaged)
    refused = 0
    for _ in range(1000):
        try:
            read(Path(file))
        except RefusedError:
            refused += 1
    assert refused > 700


def damaged(content: bytes, chance: random.Random) -> bytes:
    """One to four bytes of the first 800, which hold all instructions but the last two, changed, added or left out."""
    start, rest = bytearray(content[:800]), content[800:]
    for _ in range(chance.randint(1, 4)):
        position, byte = chance.randrange(len(start)), chance.randrange(256)
        match chance.randrange(4):
            case 0:
                start.insert(position, byte)
            case 1:
                del start[position]
            case _:
                start[position] = byte
    return bytes(start) + rest


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["import-original", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


def test_the_command_says_what_it_did_and_what_comes_next(model: Path, tmp_path: Path) -> None:
    code, output = run(model, LABELS, "--name", "books", "--out", tmp_path)
    assert code == 0
    assert read_bundle(tmp_path / "books").manifest.name == "books"
    assert f"Read {model}: a DBSCAN model; nothing in it was executed" in output
    assert "2 groups in 7 pictures" in output
    assert "open book, double spread" in output
    assert "Left out: book shelf, library: this model has no group 2" in output
    assert f"python -m training weights --out {tmp_path}" in output
    assert f"python -m local.host --store {tmp_path} --model books" in output


def test_the_command_says_that_names_are_missing(model: Path, tmp_path: Path) -> None:
    graph_path(tmp_path, GRAPH_SHA256).parent.mkdir()
    graph_path(tmp_path, GRAPH_SHA256).touch()
    code, output = run(model, "--name", "books", "--out", tmp_path)
    assert code == 0
    assert "No names: give the label file as second argument" in output
    assert "training weights" not in output
    assert read_bundle(tmp_path / "books").labels.labels == {}


def test_the_command_refuses_hostile_files(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    path = saved(tmp_path, fitted(metric_params=command(canary)))
    code, output = run(path, "--name", "books", "--out", tmp_path)
    assert code == 1
    assert "MODEL.pkl asks for subprocess.getoutput, which a DBSCAN model does not need: not loaded" in output
    assert not canary.exists()
    assert not (tmp_path / "books").exists()


@pytest.mark.parametrize("name", ["../books", "", "a b"])
def test_the_command_refuses_names_that_are_paths(name: str, model: Path, tmp_path: Path) -> None:
    code, output = run(model, "--name", name, "--out", tmp_path)
    assert code == 1
    assert f"{name!r} can't be a model's name" in output
    assert list(tmp_path.iterdir()) == []


def test_the_command_names_missing_files(tmp_path: Path) -> None:
    code, output = run(tmp_path / "none.pkl", "--name", "books", "--out", tmp_path)
    assert code == 1
    assert "none.pkl" in output
