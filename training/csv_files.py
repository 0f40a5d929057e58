"""CSV files that spreadsheets can open without running anything in them.

A cell that begins with =, +, -, @, a tab or a carriage return is a formula to a spreadsheet, and file names come from
strangers. Such a cell is written with a leading apostrophe, and read back without it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def csv_row(cells: Sequence[str]) -> str:
    """One line, with its line end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_guard(cell) for cell in cells])
    return text.getvalue()


def csv_rows(content: str) -> Iterator[Mapping[str, str]]:
    """The rows under the heading, each by column name. Surplus cells are dropped, missing ones are empty.

    `content` must have its line ends as they are in the file: a picture's name may hold one. Raises csv.Error.
    """
    for row in csv.DictReader(io.StringIO(content, newline=""), restval="", restkey=None):
        yield {column: _unguard(cell) for column, cell in row.items() if isinstance(column, str)}


def _guard(cell: str) -> str:
    return _GUARD + cell if _needs_guard(cell) and not _NUMBER.fullmatch(cell) else cell


def _unguard(cell: str) -> str:
    # An apostrophe that guards nothing was never put there by _guard: somebody else wrote this file.
    bare = cell.removeprefix(_GUARD)
    return bare if _needs_guard(bare) else cell


def _needs_guard(cell: str) -> bool:
    return cell.startswith((*_FORMULA, _GUARD))
