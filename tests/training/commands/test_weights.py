from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.stores.graphs import graph_path
from training.commands.app import app
from training.network.weights import GRAPH_SHA256


def test_the_graph_is_made_and_its_origin_shown(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["weights", "--out", str(tmp_path)])
    path = graph_path(tmp_path, GRAPH_SHA256)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert f"Ready: {path}" in result.stderr
    assert "Simonyan and Zisserman, Visual Geometry Group, University of Oxford, CC BY 4.0" in result.stderr
    assert f"Proven by SHA-256 {WEIGHTS_SHA256}" in result.stderr
    path.unlink()  # 59 MB that pytest would keep


def test_quiet_says_nothing_where_everything_is_there() -> None:
    result = CliRunner().invoke(app, ["weights", "--quiet"])
    assert result.exit_code == 0, result.output
    assert result.output == ""


def test_errors_are_explained(tmp_path: Path) -> None:
    path = graph_path(tmp_path, GRAPH_SHA256)
    path.parent.mkdir()
    path.write_bytes(b"half a graph")
    result = CliRunner().invoke(app, ["weights", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {path} is damaged")


def test_a_source_that_fails_is_reported_and_the_next_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VGG16_WEIGHTS", "/not [there].h5")
    result = CliRunner().invoke(app, ["weights", "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert "Trying VGG16_WEIGHTS=/not [there].h5\n  failed: /not [there].h5 is not there\n" in result.stderr
    assert "Trying the local cache\nReady: " in result.stderr
    graph_path(tmp_path, GRAPH_SHA256).unlink()
