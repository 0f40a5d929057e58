"""`discover`: groups are proposed, and nothing is answered with them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from typer.testing import CliRunner, Result

from shared.model.bundle import read_bundle
from shared.model.remembered import vector_bytes
from shared.serving.unclustered_record import Recorded, spec_digest
from shared.stores.folder import FolderStore
from tests.conftest import noise_picture
from tests.training.commands.training_command import Train
from training.commands.app import app


def discover(models: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["discover", str(models / "books"), *options])


def test_a_folder_of_a_new_kind_is_proposed(train: Train, pictures: Path, models: Path, tmp_path: Path) -> None:
    train(pictures)
    (tmp_path / "met").mkdir()
    for copy in range(4):
        noise_picture(5, (64 + 8 * copy, 48 + 6 * copy)).save(tmp_path / "met" / f"new{copy}.png")
    noise_picture(70).save(tmp_path / "met" / "strange.png")
    (tmp_path / "met" / "again.png").write_bytes((pictures / "a0.png").read_bytes())
    result = discover(models, str(tmp_path / "met"))
    assert result.exit_code == 0, result.output
    assert "1 picture would be in groups that there are" in result.stderr
    assert "Proposed: group 2, 4 pictures like new" in result.stderr
    assert read_bundle(models / "books").labels.proposed == (2,)
    summary = json.loads(discover(models, str(tmp_path / "met"), "--json").stdout)
    assert (summary["proposed"], summary["known_groups"], summary["unclustered"]) == ({}, {"0": 1}, 1)
    assert "No new groups in 2 pictures" in discover(models, str(tmp_path / "met")).stderr


def test_the_index_is_asked_by_the_search_commands(train: Train, pictures: Path, models: Path) -> None:
    train(pictures)
    result = discover(models, "--index", str(pictures))
    assert result.exit_code == 2
    assert "give one of a folder or container, --index and --record" in " ".join(result.stderr.split())
    assert discover(models, "--index").exit_code == 1  # SEARCH_ENDPOINT is not set


def test_what_the_function_recorded_is_proposed(train: Train, pictures: Path, models: Path) -> None:
    train(pictures)
    assert "set RECORD_UNCLUSTERED=true" in " ".join(
        discover(models, "--record", "--store", str(models)).stderr.split()
    )
    manifest = read_bundle(models / "books").manifest
    chance = np.random.default_rng(0)
    kind = chance.random(manifest.embedder.dimensions) - 0.5
    lines = [
        Recorded(
            picture=f"https://account.blob.core.windows.net/images/new/{number}%20b.jpg",
            vector=vector_bytes((kind + 0.01 * chance.random(len(kind))).astype(np.float32)),
            version="1",
            embedder=spec_digest(manifest.embedder),
        )
        for number in range(5)
    ]
    content = "\n".join(line.model_dump_json() for line in lines).encode()
    today = datetime.now(UTC).date().isoformat()
    assert FolderStore(models).append(f"books/unclustered/{today}.jsonl", content, at_most=10**6)
    result = discover(models, "--record", "--store", str(models))
    assert result.exit_code == 0, result.output
    assert "Proposed: group 2, 5 pictures like new/" in result.stderr
    assert "%20" not in result.stderr
