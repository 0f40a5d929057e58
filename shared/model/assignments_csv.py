"""assignments.csv in a bundle: the pictures a model was trained on, in order, and where training put each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.csv_files import csv_row, csv_rows
from shared.model.bundle import ASSIGNMENTS
from shared.printable import composed

_COLUMNS = ("picture", "cluster", "distance", "core")
_CATEGORY = "category"


@dataclass(slots=True)
class Row:
    """A picture's line."""

    picture: str
    cluster: int
    distance: float | None
    """To the nearest core sample; None where it is not known, as in imported models."""
    core: bool
    category: str | None = None
    """None where the file has no categories: they were not trained apart."""


def read_rows(folder: Path) -> list[Row]:
    """The rows of the bundle in `folder`, its pictures named as listings name them.

    Raises OSError, and what parse_rows does.
    """
    return parse_rows((folder / ASSIGNMENTS).read_text("utf-8", newline=""))


def parse_rows(content: str) -> list[Row]:
    """The rows of a file, with its line ends as they are. Raises csv.Error, KeyError or ValueError if it is damaged."""
    return [
        Row(
            composed(row["picture"]),
            int(row["cluster"]),
            float(row["distance"]) if row["distance"] else None,
            row["core"] == "yes",
            row.get(_CATEGORY),
        )
        for row in csv_rows(content)
    ]


def rows_bytes(rows: Sequence[Row]) -> bytes:
    """The file with these rows. Where one has a category, there is a column for them."""
    categories = any(row.category is not None for row in rows)
    lines = [csv_row((*_COLUMNS, _CATEGORY) if categories else _COLUMNS)]
    lines += (csv_row(tuple(_cells(row, categories=categories))) for row in rows)
    return "".join(lines).encode()


def _cells(row: Row, *, categories: bool) -> Iterable[str]:
    yield row.picture
    yield str(row.cluster)
    yield "" if row.distance is None else f"{row.distance:.6f}"
    yield "yes" if row.core else "no"
    if categories:
        yield row.category or ""
