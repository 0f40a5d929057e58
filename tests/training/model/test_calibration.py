from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.embedding.embedder import EmbedderSpec
from shared.model.bundle import BundleError
from shared.pictures.folder import FileSource, find_pictures
from shared.stores.graphs import graph_path
from tests.bundles import link_graph
from tests.training.near_copies import near_copies
from training.gallery.opening import open_graph
from training.model import calibration
from training.model.calibration import CalibrationError, calibrate, calibration_order, choose_graph
from training.model.options import Options
from training.network.weights import GRAPH_SHA256

pytestmark = pytest.mark.slow

OPTIONS = Options("books")
INT8 = replace(OPTIONS, precision="int8")
SPEC = OPTIONS.spec()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[FileSource]:
    return find_pictures(near_copies(tmp_path_factory.mktemp("pictures") / "copies", groups=1, each=3))


@pytest.fixture(scope="module")
def calibrated(graph: Path, sources: list[FileSource], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with an int8 graph."""
    root = tmp_path_factory.mktemp("calibrated")
    calibrate(graph, root, SPEC, sources)
    return root


@pytest.fixture(scope="module")
def int8(calibrated: Path) -> EmbedderSpec:
    (path,) = (calibrated / "embedders").iterdir()
    return replace(OPTIONS, precision="int8", graph_sha256=path.stem).spec()


@pytest.fixture
def root(tmp_path: Path, graph: Path) -> Iterator[Path]:
    """A folder of models that holds the float32 graph."""
    link_graph(graph, tmp_path)
    yield tmp_path
    for path in (tmp_path / "embedders").iterdir():
        path.unlink()


def test_float32_needs_no_calibration(root: Path, sources: list[FileSource], int8: EmbedderSpec) -> None:
    said: list[str] = []
    options, graph = choose_graph(OPTIONS, root, sources, int8, said.append)
    assert (options, graph, said) == (OPTIONS, graph_path(root, GRAPH_SHA256), [])


def test_int8_is_calibrated_on_the_pictures_whatever_their_order(
    root: Path, sources: list[FileSource], int8: EmbedderSpec
) -> None:
    said: list[str] = []
    options, graph = choose_graph(INT8, root, sources[::-1], SPEC, said.append)
    assert options.spec() == int8
    assert graph == graph_path(root, int8.graph_sha256)
    assert said == ["Calibrating int8 on 4 of the pictures"]
    assert open_graph(int8, root, said.append) == graph


def test_the_graph_of_the_model_that_is_replaced_is_kept(
    calibrated: Path, sources: list[FileSource], int8: EmbedderSpec
) -> None:
    said: list[str] = []
    options, graph = choose_graph(INT8, calibrated, sources[:1], int8, said.append)
    assert options.spec() == int8
    assert graph == graph_path(calibrated, int8.graph_sha256)
    assert said == []


def test_a_graph_that_is_lost_is_made_again(root: Path, sources: list[FileSource], int8: EmbedderSpec) -> None:
    said: list[str] = []
    options, graph = choose_graph(INT8, root, sources, int8, said.append)
    assert options.spec() == int8
    assert graph.exists()
    assert "is missing" in said[0]


def test_opening_a_graph_that_is_lost_says_which(root: Path, int8: EmbedderSpec) -> None:
    assert open_graph(SPEC, root, print) == graph_path(root, GRAPH_SHA256)
    with pytest.raises(BundleError, match=f"{int8.graph_sha256}.onnx is missing"):
        open_graph(int8, root, print)


def test_unreadable_pictures_are_skipped_and_the_sample_is_bounded(
    root: Path, graph: Path, sources: list[FileSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    broken = FileSource("broken.png", tmp_path / "broken.png")
    monkeypatch.setattr(calibration, "PICTURES", 1)
    first = calibration_order(sources)[0]
    one = calibrate(graph, root, SPEC, [first])
    assert calibrate(graph, root, SPEC, [broken, *sources]) == one


def test_with_nothing_to_read_there_is_no_calibration(root: Path, graph: Path, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="none of the 1 pictures can be read"):
        calibrate(graph, root, SPEC, [FileSource("gone.png", tmp_path / "gone.png")])
