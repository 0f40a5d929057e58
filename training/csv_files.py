"""CSV files that spreadsheets can open without running anything in them.

A cell that begins with =, +, -, @, a tab or a carriage return is a formula to a spreadsheet, and file names come from
strangers. Such a cell is written with a leading apostrophe, and read back without it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"


def csv_row(cells: Sequence[str]) -> str:
    """One line, with its line end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_guard(cell) for cell in cells])
    return text.getvalue()


def csv_rows(content: str) -> Iterator[Mapping[str, str]]:
    """The rows under the heading, each by column name. Surplus cells are dropped, missing ones are empty."""
    for row in csv.DictReader(io.StringIO(content), restval="", restkey=None):
        yield {column: _unguard(cell) for column, cell in row.items() if isinstance(column, str)}


def _guard(cell: str) -> str:
    return _GUARD + cell if cell.startswith((*_FORMULA, _GUARD)) and not _is_number(cell) else cell


def _unguard(cell: str) -> str:
    return cell.removeprefix(_GUARD)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
