from __future__ import annotations

import math
import unicodedata
from pathlib import Path

from shared.model.assignments_csv import Row, read_rows, rows_bytes


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rows = [Row("a.jpg", 0, 0.0, core=True), Row("=1+1.jpg", -1, 0.25, core=False), Row("b.jpg", 1, None, core=False)]
    (tmp_path / "assignments.csv").write_bytes(rows_bytes(rows))
    assert read_rows(tmp_path) == rows


def test_categories_have_a_column_where_one_is_known(tmp_path: Path) -> None:
    (tmp_path / "assignments.csv").write_bytes(
        rows_bytes([Row("a.jpg", 0, 0.0, core=True, category="art"), Row("b.jpg", -1, math.inf, core=False)])
    )
    first, second = read_rows(tmp_path)
    assert (first.category, second.category, second.distance) == ("art", "", math.inf)


def test_the_file_is_what_bundles_have_always_held() -> None:
    assert rows_bytes([Row("a.jpg", 2, 0.5, core=False)]) == b"picture,cluster,distance,core\na.jpg,2,0.500000,no\n"


def test_a_name_stored_decomposed_is_the_listings_name(tmp_path: Path) -> None:
    (tmp_path / "assignments.csv").write_bytes(
        rows_bytes([Row(unicodedata.normalize("NFD", "Bücher.jpg"), 0, 0.0, core=True)])
    )
    assert read_rows(tmp_path)[0].picture == unicodedata.normalize("NFC", "Bücher.jpg")
