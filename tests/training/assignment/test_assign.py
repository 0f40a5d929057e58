import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from shared.csv_files import csv_rows
from shared.model.model import Assignment
from shared.pictures.folder import FileSource
from shared.pictures.source import Source
from training.assignment.assign import AssignError, Row, write_rows

INSIDE = Assignment(1, 0.01, 0.9, ("open book", "double spread"), (), 0.0)
OUTSIDE = Assignment(-1, float("inf"), 0.0, (), ("open book",), 0.25)
SOURCES = [FileSource(name, Path(name)) for name in ("a.jpg", "b.jpg", "=broken.jpg")]


class Assigner:
    """Assigns by name, remembers what it was asked, and may be killed halfway."""

    def __init__(self, dies_after: int | None = None, version: str = "v1") -> None:
        self.asked: list[str] = []
        self._dies_after = dies_after
        self._version = version

    def __call__(self, sources: Sequence[Source]) -> Iterator[Row]:
        for source in sources:
            if len(self.asked) == self._dies_after:
                raise KeyboardInterrupt
            self.asked.append(source.name)
            if "broken" in source.name:
                yield Row(source.name, None, self._version, "it is empty (0 bytes)")
            else:
                yield Row(source.name, INSIDE if source.name == "a.jpg" else OUTSIDE, self._version)


def test_csv(tmp_path: Path) -> None:
    output = tmp_path / "new" / "labels.csv"
    tally = write_rows(output, "csv", SOURCES, Assigner(), version="v1")
    assert (tally.labelled, tally.unclustered, tally.failed, tally.resumed) == (1, 1, 1, 0)
    inside, outside, broken = csv_rows(output.read_text())
    assert inside["label"] == "open book; double spread"
    assert (inside["cluster"], inside["confidence"], inside["model_version"]) == ("1", "0.900000", "v1")
    assert (outside["label"], outside["cluster"], outside["suggested_label"]) == ("", "-1", "open book")
    assert outside["suggested_confidence"] == "0.250000"
    assert (broken["picture"], broken["cluster"], broken["error"]) == ("=broken.jpg", "", "it is empty (0 bytes)")
    assert "\n=broken" not in output.read_text()
    assert [path.name for path in output.parent.iterdir()] == ["labels.csv"]


def test_jsonl(tmp_path: Path) -> None:
    output = tmp_path / "labels.jsonl"
    write_rows(output, "jsonl", SOURCES, Assigner(), version="v1")
    inside, outside, broken = map(json.loads, output.read_text().splitlines())
    assert inside["label"] == ["open book", "double spread"]
    assert (outside["distance"], outside["suggested_label"]) == (None, ["open book"])
    assert broken == {"picture": "=broken.jpg", "model_version": "v1", "error": "it is empty (0 bytes)"}


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("cut", [0, 1, 5])
def test_an_interrupted_run_is_resumed(tmp_path: Path, format: str, cut: int) -> None:
    output, part = tmp_path / "labels", tmp_path / "labels.part"
    with pytest.raises(KeyboardInterrupt):
        write_rows(output, format, SOURCES, Assigner(dies_after=2), version="v1")  # pyright: ignore[reportArgumentType]
    assert not output.exists()
    part.write_bytes(part.read_bytes()[: -cut or None])  # a line may be cut short by the kill
    rest = Assigner()
    tally = write_rows(output, format, SOURCES, rest, version="v1")  # pyright: ignore[reportArgumentType]
    assert rest.asked == (["=broken.jpg"] if not cut else ["b.jpg", "=broken.jpg"])
    assert (tally.labelled, tally.unclustered, tally.failed) == (1, 1, 1)
    complete = tmp_path / "complete"
    write_rows(complete, format, SOURCES, Assigner(), version="v1")  # pyright: ignore[reportArgumentType]
    assert output.read_text() == complete.read_text()


def test_another_model_version_starts_over(tmp_path: Path) -> None:
    output = tmp_path / "labels.csv"
    with pytest.raises(KeyboardInterrupt):
        write_rows(output, "csv", SOURCES, Assigner(dies_after=2), version="v1")
    again = Assigner(version="v2")
    write_rows(output, "csv", SOURCES, again, version="v2")
    assert len(again.asked) == 3
    assert {row["model_version"] for row in csv_rows(output.read_text())} == {"v2"}


def test_a_finished_output_is_kept_unless_forced(tmp_path: Path) -> None:
    output = tmp_path / "labels.csv"
    output.write_text("precious")
    with pytest.raises(AssignError, match=r"labels\.csv is there already"):
        write_rows(output, "csv", SOURCES, Assigner(), version="v1")
    assert output.read_text() == "precious"
    write_rows(output, "csv", SOURCES, Assigner(), version="v1", force=True)
    assert output.read_text().startswith("picture,label")
