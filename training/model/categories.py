"""Categories of pictures: given by the folders they lie in, or by a CSV file. Each is then trained apart."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from shared.errors import UserError
from training.csv_files import csv_rows

FOLDERS = "folders"


class CategoriesError(UserError):
    """The pictures' categories are unknown. The message names the file or picture."""


def find_categories(given: str, pictures: Sequence[str]) -> list[str]:
    """The category of each picture. `given` is "folders" (the first folder in its name) or the path of a CSV file.

    Raises CategoriesError for a picture without a category.
    """
    if given == FOLDERS:
        return [_folder(name) for name in pictures]
    path = Path(given)
    table = _read(path)
    missing = [name for name in pictures if not table.get(name)]
    if missing:
        raise CategoriesError(f"{path} has no category for {missing[0]} ({len(missing)} pictures are missing in all)")
    return [table[name] for name in pictures]


def _folder(name: str) -> str:
    parts = PurePosixPath(name).parts
    if len(parts) == 1:
        raise CategoriesError(f"{name} lies in no subfolder, so --categories {FOLDERS} can't tell its category")
    return parts[0]


def _read(path: Path) -> dict[str, str]:
    try:
        rows = list(csv_rows(path.read_text(encoding="utf-8-sig", newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CategoriesError(f"{path} can't be read: {error}") from None
    if not rows or not {"picture", "category"} <= rows[0].keys():
        raise CategoriesError(f"{path} needs the columns picture and category, and a row for each picture")
    return {row["picture"]: row["category"] for row in rows}
