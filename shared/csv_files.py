"""CSV files that spreadsheets can open without running anything in them.

A cell that begins with =, +, -, @, a tab or a carriage return is a formula to a spreadsheet, and file names come from
strangers. An apostrophe is written before such a mark, and read back as nothing. So it is where the mark follows a
semicolon, a tab or a line end: a spreadsheet that separates columns by these begins a cell there, whatever the quotes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

# Where a spreadsheet may begin a cell, and what would be a formula there, or looks like one that is guarded already.
_BEGIN = r"(?:\A|(?<=[;\t\r\n]))"
_FORMULA = r"""(?="*[=+\-@\t\r'])"""
_UNGUARDED = re.compile(_BEGIN + _FORMULA)
_GUARD = re.compile(f"{_BEGIN}'{_FORMULA}")
# What a cell must have that is to be looked at closely: most have none of it.
_MARK = re.compile(r"[=+\-@\t\r']")
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
    return cell if not _MARK.search(cell) or _NUMBER.fullmatch(cell) else _UNGUARDED.sub("'", cell)


def _unguard(cell: str) -> str:
    # An apostrophe that guards nothing was never put there by _guard: somebody else wrote this file.
    return _GUARD.sub("", cell) if "'" in cell else cell
