"""Categories of pictures: given by the folders they lie in, or by a CSV file. Each is then trained apart."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from shared.csv_files import csv_rows
from shared.documents import text_of
from shared.errors import UserError
from shared.files import LARGEST_TEXT, read_regular
from shared.printable import composed

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
        rows = list(csv_rows(text_of(read_regular(path, LARGEST_TEXT))))
    except OSError as error:
        raise CategoriesError(f"{path} can't be read: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise CategoriesError(f"{path} can't be read: {error}") from None
    if not rows or not {"picture", "category"} <= rows[0].keys():
        raise CategoriesError(f"{path} needs the columns picture and category, and a row for each picture")
    return {composed(row["picture"]): row["category"].strip() for row in rows}
