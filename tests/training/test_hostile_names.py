"""Pictures whose names do harm wherever a name is taken for something else: in tables, folders, the report."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import override

import pytest

from shared.csv_files import csv_rows
from shared.model.bundle import ASSIGNMENTS, REPORT, read_bundle
from shared.model.model import Model
from shared.pictures.folder import find_pictures
from shared.pictures.listing import remember_pictures
from shared.pictures.source import Source
from tests.training.galleries import EPS, draw, open_plainly
from tests.training.plain_embedder import plain_embedder
from training.assignment.assign import Format, assign_pictures, write_rows
from training.assignment.sorting import Placing, sort_into_folders
from training.embedding.embeddings import embed_pictures
from training.model.build import build_model
from training.model.options import Options
from training.report.writer import Report

NAMES = (
    '<img src=x onerror="document.title=1">.png',
    "<script>alert(1)<!--.png",
    "=cmd|' C calc'!A0.png",
    "@SUM(1+1).png",
    "a\nError: all is lost.png",
    "gnp.\u202eexe.png",
    "\x1b]0;owned\x07\x1b[2J.png",
    "$(touch owned);`touch owned`.png",
    "-rf.png",
    "x\\..\\..\\owned.png",
    "%2e%2e%2fowned.png",
    "CON.png",
    "quo\"te's.png",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of thirteen like pictures, and one that can't be read, called like that."""
    pictures = tmp_path_factory.mktemp("hostile") / "pictures"
    pictures.mkdir()
    for copy, name in enumerate(NAMES):
        draw(1, copy).save(pictures / name)
    (pictures / "=broken\n.png").write_bytes(b"no picture")
    folder = pictures.parent / "models" / "hostile"
    build_model(
        embed_pictures(find_pictures(pictures), plain_embedder(), None),
        Options("hostile", eps=EPS),
        folder,
        given_names={NAMES[0]: ("<b>bold</b>", "=1+1", "../up")},
    )
    remember_pictures(folder, pictures)
    return folder


@pytest.fixture
def model(folder: Path) -> Model:
    return Model(read_bundle(folder), plain_embedder())


def test_training_keeps_every_name_as_it_is(folder: Path) -> None:
    rows = list(csv_rows((folder / ASSIGNMENTS).read_bytes().decode()))
    assert sorted(row["picture"] for row in rows) == sorted(NAMES)
    assert read_bundle(folder).labels.labels == {0: ("<b>bold</b>", "=1+1", "../up")}


def test_tables_hold_no_formulas_and_one_row_for_each_picture(folder: Path, model: Model, tmp_path: Path) -> None:
    sources = find_pictures(folder.parent.parent / "pictures")
    for table in (folder / ASSIGNMENTS, written(model, sources, tmp_path / "labels.csv", "csv")):
        with table.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "@", "\t", "\r", "-rf"))] == []
    rows = list(csv_rows((tmp_path / "labels.csv").read_bytes().decode()))
    assert [row["picture"] for row in rows] == [source.name for source in sources]
    lines = written(model, sources, tmp_path / "labels.jsonl", "jsonl").read_bytes().decode().split("\n")
    assert [json.loads(line)["picture"] for line in lines[:-1]] == [source.name for source in sources]


@pytest.mark.parametrize("placing", ["link", "copy"])
def test_folders_hold_the_pictures_and_nothing_else(
    folder: Path, model: Model, tmp_path: Path, placing: Placing
) -> None:
    sources = find_pictures(folder.parent.parent / "pictures")
    output = tmp_path / "sorted"
    sort_into_folders(assign_pictures(model, sources, None), sources, output, placing)
    assert [path.name for path in tmp_path.iterdir()] == ["sorted"]
    assert sorted(path.name for path in output.iterdir()) == [".sorted-pictures", "=1+1", "_b_bold__b_", "_up"]
    assert {path.name for path in (output / "_up").iterdir()} == set(NAMES)


def test_the_report_shows_names_as_text(folder: Path) -> None:
    gallery = open_plainly(folder)
    Report(gallery).write(gallery.bundle.labels, gallery.bundle.version)
    page = Page()
    page.feed((folder / REPORT).read_text(encoding="utf-8"))
    assert page.scripts == 1
    assert page.handlers == []
    assert NAMES[0] in page.text
    assert "<b>bold</b>" in page.text


def written(model: Model, sources: Sequence[Source], output: Path, format: Format) -> Path:
    write_rows(output, format, sources, lambda rest: assign_pictures(model, rest, None), version=model.version)
    return output


class Page(HTMLParser):
    """What a browser would make of it: text, scripts and event handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.scripts = 0
        self.handlers: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    @override
    def handle_data(self, data: str) -> None:
        self.text += data
