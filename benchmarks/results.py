"""What was measured, kept as JSON a section and shown as one page, RESULTS.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

HERE = Path(__file__).parent
PAGE = HERE / "RESULTS.md"
_FOLDER = HERE / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One target and what was found."""

    what: str
    bound: Literal["at most", "at least"]
    target: float
    found: float
    unit: str
    """What both numbers count: "x plain recipe", "MB"."""
    how: str
    """The figures behind it: medians, their spread, how often."""

    @property
    def met(self) -> bool:
        return self.found <= self.target if self.bound == "at most" else self.found >= self.target


@dataclass(frozen=True, slots=True)
class Table:
    """Figures without a target."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Cost against size."""

    panel: str
    """Of the plot: curves that are worth comparing share one."""
    name: str
    sizes: Sequence[int]
    seconds: Sequence[float]


@dataclass(frozen=True, slots=True)
class Section:
    """All that one benchmark found, in one run on one machine."""

    name: str
    machine: str
    date: str
    rows: Sequence[Row] = field(default_factory=list[Row])
    tables: Sequence[Table] = field(default_factory=list[Table])
    curves: Sequence[Curve] = field(default_factory=list[Curve])
    notes: Sequence[str] = field(default_factory=list[str])


type Benchmark = Callable[[bool], Section]
"""Measures; told whether a quick run will do, which only proves that it works."""

_SECTION = TypeAdapter(Section)


def save(section: Section, folder: Path = _FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    content = _SECTION.dump_json(section, indent=2)
    (folder / f"{section.name}.json").write_bytes(content + b"\n")


def load(names: Sequence[str], folder: Path = _FOLDER) -> list[Section]:
    """The sections that were measured before, in the order of the names."""
    paths = [folder / f"{name}.json" for name in names]
    return [_SECTION.validate_json(path.read_bytes()) for path in paths if path.exists()]


def render(sections: Sequence[Section]) -> str:
    """One page in Markdown: the targets first, then a chapter for each section."""
    parts = ["# Measured", _INTRODUCTION]
    parts.append(_targets([row for section in sections for row in section.rows]))
    if any(section.curves for section in sections):
        parts.append("![Seconds against number of pictures, for embedding, clustering and assignment](cost.svg)")
    for section in sections:
        parts += [f"## {section.name.capitalize()}", f"{section.date}, {section.machine}."]
        parts += [f"- {row.what}: {row.how}" for row in section.rows]
        for table in section.tables:
            parts += [f"**{table.title}**", _table(table.head, table.rows)]
        parts += list(section.notes)
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def _targets(rows: Sequence[Row]) -> str:
    cells = [
        (
            row.what,
            f"{_SIGNS[row.bound]} {row.target:.3g} {row.unit}",
            f"{row.found:.4g} {row.unit}",
            _VERDICTS[row.met],
        )
        for row in rows
    ]
    return _table(("what", "target", "measured", ""), cells)


_INTRODUCTION = """`make bench` measures and writes this page. A ratio compares two things in the same run, in turns;
in brackets stands the middle half of all rounds. [README.md](README.md) says what is compared, what was tried where a
target is missed, and how to measure a part again."""
_SIGNS = {"at most": "≤", "at least": "≥"}
_VERDICTS = {True: "met", False: "**missed**"}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
