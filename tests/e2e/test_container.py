"""A model whose pictures are in a container: trained, looked at again, named and used, with no folder of pictures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.model.bundle import REPORT
from shared.pictures.folder import find_pictures
from tests.e2e.checkout import Checkout, finish
from tests.stores import Container
from tests.training.near_copies import near_copies

pytestmark = pytest.mark.slow


def run(checkout: Checkout, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "training", *command], cwd=checkout.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout or done.stderr


def test_training_report_eps_and_assign_take_a_container(container: Container, graph: Path, tmp_path: Path) -> None:
    near_copies(tmp_path / "pictures")
    for source in find_pictures(tmp_path / "pictures"):
        container.put({f"books/{source.name}": source.content()})
    pictures = f"{container.url}/books"
    checkout = Checkout(tmp_path / "checkout", graph)
    finish(checkout.start(pictures))
    report = (checkout.bundle / REPORT).read_text("utf-8")
    assert report.count("data:image/webp") >= 9
    (checkout.bundle / REPORT).unlink()
    run(checkout, "report", "models/books")
    assert (checkout.bundle / REPORT).read_text("utf-8").count("data:image/webp") >= 9
    assert "eps" in run(checkout, "eps", pictures)

    assign = ("assign", "models/books", pictures, "--format", "folders")
    copied = run(checkout, *assign, "--placing", "copy")
    assert "9 pictures: 8 in a group, 1 in none" in copied
    assert (checkout.folder / "labels" / "_group 0" / "a0.png").read_bytes() == (
        tmp_path / "pictures" / "a0.png"
    ).read_bytes()
    assert "9 pictures, 9 of them done before" in run(checkout, *assign, "--placing", "copy")
    linked = subprocess.run(
        [sys.executable, "-m", "training", *assign, "--output", "links"],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linked.returncode == 1
    assert "pictures in a container can't be linked to: use --placing copy" in linked.stderr


def test_eps_and_assign_give_the_same_by_processes(graph: Path, tmp_path: Path) -> None:
    near_copies(tmp_path / "pictures")
    checkout = Checkout(tmp_path / "checkout", graph)
    finish(checkout.start(str(tmp_path / "pictures")))
    found: list[tuple[dict[str, object], bytes]] = []
    for engine in ("threads", "processes"):
        shutil.rmtree(checkout.folder / ".cache")
        options = (str(tmp_path / "pictures"), "--engine", engine)
        run(checkout, "assign", "models/books", *options, "--output", f"{engine}.csv")
        shutil.rmtree(checkout.folder / ".cache")
        curve = run(checkout, "eps", *options, "--json")
        found.append((json.loads(curve), (checkout.folder / f"{engine}.csv").read_bytes()))
    assert found[0] == found[1]
    assert b"a0.png" in found[0][1]
