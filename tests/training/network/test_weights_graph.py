"""The serving graph made from VGG16's weights: written once, and never from other bytes."""

from pathlib import Path

import pytest

from shared.embedding.vgg16 import WeightsError
from shared.model.bundle import BundleError
from shared.stores.graphs import graph_path
from training.network import weights
from training.network.weights import GRAPH_SHA256, export_graph


def test_the_graph_is_exported_once(tmp_path: Path, graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # From the project's own cache, which `make setup` has filled.
    path = export_graph(tmp_path, lambda line: None)
    assert path == graph_path(tmp_path, GRAPH_SHA256)
    assert path.read_bytes() == graph.read_bytes()
    before = path.stat()
    monkeypatch.setattr(weights, "obtain_weights", None)  # not needed any more
    assert export_graph(tmp_path, lambda line: None) == path
    assert path.stat().st_ino == before.st_ino
    path.unlink()


def test_a_damaged_graph_is_reported(tmp_path: Path) -> None:
    path = graph_path(tmp_path, GRAPH_SHA256)
    path.parent.mkdir()
    path.write_bytes(b"half a graph")
    with pytest.raises(BundleError, match=r"is damaged .*: delete it and run `python -m training weights`"):
        export_graph(tmp_path, lambda line: None)


def test_a_graph_of_other_bytes_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "graph_bytes", lambda tensors: b"as another release of onnx would write it")  # pyright: ignore[reportUnknownLambdaType]
    with pytest.raises(WeightsError, match=f"not {GRAPH_SHA256}: this release of the onnx package writes other bytes"):
        export_graph(tmp_path, lambda line: None)
    assert not graph_path(tmp_path, GRAPH_SHA256).parent.exists()
