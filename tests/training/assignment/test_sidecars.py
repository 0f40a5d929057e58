"""XMP sidecars, read by the program that photographers trust."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.model.model import Assignment
from training.assignment.assign import AssignError, Row
from training.assignment.sidecars import sidecar, write_sidecars

HOSTILE = "<b>&\"'|ö\x00"
ROWS = [
    Row("a.jpg", Assignment(0, 0.0, 1.0, ("open book", "double spread"), (), 0.0), "v1"),
    Row("sub/a.jpg", Assignment(1, 0.0, 1.0, (), (), 0.0), "v1"),
    Row("c.jpg", Assignment(-1, 0.9, 0.0, (), (), 0.0), "v1"),
    Row("broken.jpg", None, "v1", "it is empty"),
]

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None,
    reason="NOT RUN: there is no exiftool (Debian: apt-get install libimage-exiftool-perl)",
)


def exiftool(path: Path) -> dict[str, str | list[str]]:
    command = ["exiftool", "-j", "-all", "-validate", "-a", "-G1", "-struct", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]


@needs_exiftool
@pytest.mark.parametrize("category", [None, "things"])
def test_exiftool_reads_names_and_hierarchy(tmp_path: Path, category: str | None) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(sidecar(["open book", HOSTILE], category))
    found = exiftool(path)
    assert found["XMP-dc:Subject"] == ["open book", "<b>&\"'|ö "]
    prefix = f"{category}|" if category else ""
    assert found["XMP-lr:HierarchicalSubject"] == [f"{prefix}open book", f"{prefix}<b>&\"'/ö "]
    assert found.get("ExifTool:Validate", "OK") == "OK"
    assert "ExifTool:Warning" not in found


def test_each_picture_with_names_has_a_sidecar_and_no_other(tmp_path: Path) -> None:
    tally = write_sidecars(ROWS, tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["a.jpg.xmp"]
    assert (tally.labelled, tally.unclustered, tally.failed, tally.resumed) == (2, 1, 1, 0)
    assert write_sidecars(ROWS, tmp_path).resumed == 1


def test_another_program_s_sidecar_is_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.xmp").write_text("precious")
    with pytest.raises(AssignError, match="there already"):
        write_sidecars(ROWS, tmp_path)
    assert (tmp_path / "a.jpg.xmp").read_text() == "precious"
    write_sidecars(ROWS, tmp_path, force=True)
    assert b"open book" in (tmp_path / "a.jpg.xmp").read_bytes()


def test_nothing_is_written_outside_the_output(tmp_path: Path) -> None:
    row = Row("../../a.jpg", ROWS[0].assignment, "v1")
    with pytest.raises(AssignError, match="leads out"):
        write_sidecars([row], tmp_path / "out")
