from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from benchmarks.results import Curve, Row, Section, Table, load, render, save

FAST = Row("one picture", "at most", 0.45, 0.4, "x plain recipe", "120 ms, the plain recipe 300 ms")
SLOW = Row("32 records", "at least", 0.9, 0.8, "x the bare graph", "4 s, the bare graph 3.2 s")
SECTION = Section(
    "serving", "a machine", "2026-01-01", [FAST, SLOW], [Table("Stages", ["stage", "ms"], [["embed", "9"]])]
)


@pytest.mark.parametrize(
    ("bound", "found", "met"),
    [("at most", 2, True), ("at most", 3, False), ("at least", 2, True), ("at least", 1, False)],
)
def test_a_bound_is_met_on_the_right_side_of_its_target(
    bound: Literal["at most", "at least"], found: float, met: bool
) -> None:
    assert Row("what", bound, 2, found, "s", "").met is met


def test_the_page_names_misses_and_shows_what_is_behind_every_figure() -> None:
    page = render([SECTION])
    assert "| one picture | ≤ 0.45 x plain recipe | 0.4 x plain recipe | met |" in page
    assert "| 32 records | ≥ 0.9 x the bare graph | 0.8 x the bare graph | **missed** |" in page
    assert "- one picture: 120 ms, the plain recipe 300 ms" in page
    assert "| embed | 9 |" in page
    assert "cost.svg" not in page


def test_sections_are_kept_apart_and_come_in_the_order_asked_for(tmp_path: Path) -> None:
    other = Section("memory", "a machine", "2026-01-02", curves=[Curve("Training", "this project", [1, 2], [0.5, 1])])
    for section in (SECTION, other):
        save(section, tmp_path)
    assert load(["memory", "precision", "serving"], tmp_path) == [other, SECTION]
    assert "cost.svg" in render([other])
