"""A model in int8, from training over publishing and fetching to its use elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.model.bundle import read_manifest
from shared.stores.graphs import graph_path
from tests.bundles import link_graph
from tests.training.near_copies import EPS, near_copies
from training.commands.app import app


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_a_model_in_int8_keeps_its_graph_and_takes_it_along(graph: Path, tmp_path: Path) -> None:
    pictures = near_copies(tmp_path / "pictures", each=3)
    models, store, elsewhere = tmp_path / "models", tmp_path / "store", tmp_path / "elsewhere"
    link_graph(graph, models)
    train = ("train", pictures, "--name", "books", "--out", models, "--eps", EPS, "--precision", "int8")
    assert "Calibrating int8 on 7 of the pictures" in run(*train)
    spec = read_manifest(models / "books").embedder
    assert spec.precision == "int8"

    for number in range(3):
        (pictures / f"b{number}.png").unlink()
    assert "Calibrating" not in run(*train)
    assert read_manifest(models / "books").embedder == spec
    assert "Calibrating" in run(*train, "--recalibrate")
    again = read_manifest(models / "books").embedder
    assert again.graph_sha256 != spec.graph_sha256

    run("publish", models / "books", "--to", store)
    run("fetch", "--name", "books", "--store", store, "--to", elsewhere)
    assert graph_path(elsewhere, again.graph_sha256).read_bytes() == graph_path(models, again.graph_sha256).read_bytes()
    table = tmp_path / "labels.csv"
    run("assign", elsewhere / "books", pictures, "--output", table)
    assert len(table.read_text("utf-8").splitlines()) == 5
    graph_path(models, spec.graph_sha256).unlink()
