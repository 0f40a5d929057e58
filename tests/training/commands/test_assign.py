import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.embedding.embedder import Embedder
from shared.model.bundle import Labels
from tests.bundles import link_graph, make_bundle
from tests.conftest import encode, noise_picture
from training.commands.app import app

pytestmark = pytest.mark.usefixtures("opened_network")


@pytest.fixture
def model(tmp_path: Path, graph: Path, embedder: Embedder) -> Path:
    """A model that knows the first group of `picture_folder`."""
    link_graph(graph, tmp_path / "models")
    vectors = embedder.embed([embedder.picture(encode(noise_picture(0)))])
    make_bundle(tmp_path / "models" / "noise", vectors, [0], Labels(labels={0: ("noise",)}), eps=0.01)
    return tmp_path / "models" / "noise"


def test_jsonl_then_no_overwriting(model: Path, tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    folder, output = picture_folder(each=2), tmp_path / "labels.jsonl"
    (folder / "broken.jpg").write_bytes(b"")
    command = ["assign", str(model), str(folder), "--format", "jsonl", "--output", str(output)]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.stderr
    rows = {row["picture"]: row for row in map(json.loads, output.read_text().splitlines())}
    assert rows["group0_0.png"]["label"] == ["noise"]
    assert rows["odd.png"]["cluster"] == -1
    assert rows["broken.jpg"]["error"] == "it is empty (0 bytes)"
    assert "1 that can't be read" in first.stderr
    second = CliRunner().invoke(app, command)
    assert second.exit_code == 1
    assert "--force" in second.stderr


def test_each_picture_counts_in_its_own_category(
    tmp_path: Path, graph: Path, embedder: Embedder, picture_folder: Callable[..., Path]
) -> None:
    link_graph(graph, tmp_path / "models")
    vectors = embedder.embed([embedder.picture(encode(noise_picture(kind))) for kind in (0, 1)])
    names = Labels(labels={0: ("noise",), 1: ("more noise",)})
    own = {"a": (0,), "b": (1,)}
    make_bundle(tmp_path / "models" / "noise", vectors, [0, 1], names, eps=0.01, categories=own)
    folder, table = picture_folder(groups=2, each=1), tmp_path / "categories.csv"
    table.write_text("picture,category\ngroup0_0.png,a\ngroup1_0.png,a\nodd.png,a\n")
    output = tmp_path / "labels.jsonl"
    command = ["assign", str(tmp_path / "models" / "noise"), str(folder), "--format", "jsonl", "--output", str(output)]
    assert CliRunner().invoke(app, [*command, "--categories", str(table)]).exit_code == 0
    rows = {row["picture"]: row["label"] for row in map(json.loads, output.read_text().splitlines())}
    assert rows == {"group0_0.png": ["noise"], "group1_0.png": [], "odd.png": []}


def test_folders(model: Path, tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    command = [
        "assign",
        str(model),
        str(picture_folder(each=1)),
        "--format",
        "folders",
        "--output",
        str(tmp_path / "out"),
    ]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert (tmp_path / "out" / "noise" / "group0_0.png").is_symlink()
    assert (tmp_path / "out" / "_unclustered" / "odd.png").exists()
