import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.csv_files import csv_row, csv_rows

# What may stand in a UTF-8 file: everything but surrogates. Half of them begin with what means something somewhere.
plain = st.text(st.characters(exclude_categories=["Cs"]))
marks = st.sampled_from(
    ["=", "+", "-", "@", "\t", "\r", "'", "''", "\n", "-1", "+1", ";", ";=", ';"=', "\n@", '"', ","]
)
cells = plain | st.builds("".join, st.lists(marks | plain, max_size=4))
lines = st.lists(st.tuples(cells, cells), max_size=5)


def written(rows: list[tuple[str, str]]) -> str:
    return "".join(map(csv_row, [("first", "second"), *rows]))


@given(lines)
@example([("two\nlines", "carriage\rreturn"), ("both\r\n", 'quo"ted, and'), ("", ""), ("'", "''=")])
def test_any_cells_come_back_as_they_were(rows: list[tuple[str, str]]) -> None:
    assert [(row["first"], row["second"]) for row in csv_rows(written(rows))] == rows


@given(lines)
@example([("\t1", "\r1"), ("-inf", "+nan"), ("-1_0", "-1\n"), ("-\uff11", "=1")])
def test_no_cell_is_a_formula_as_a_spreadsheet_reads_it(rows: list[tuple[str, str]]) -> None:
    for row in csv.reader(io.StringIO(written(rows), newline="")):
        for cell in row:
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                assert cell[1:].replace(".", "").isascii()
                assert cell[1:].replace(".", "").isdigit(), "only a signed number may begin like a formula"


@given(lines)
@example([("a;=1+1", "b;+1"), ("x", 'a;"=1+1"'), ("a\t=1", "b\n=1\r@1"), ("x", ';""-1')])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_no_cell_is_a_formula_with_other_separators(delimiter: str, rows: list[tuple[str, str]]) -> None:
    for row in csv.reader(io.StringIO(written(rows), newline=""), delimiter=delimiter):
        for cell in row:
            assert not re.match(r'"*[=@\t\r]|"*[+-](?![0-9]+(\.[0-9]+)?(,|$))', cell)


@pytest.mark.parametrize("number", ["0", "-1", "12", "-0.123456", "+3.5", "inf"])
def test_numbers_are_left_alone(number: str) -> None:
    assert csv_row([number]) == f"{number}\n"


def test_a_formula_is_guarded() -> None:
    assert csv_row(['=HYPERLINK("evil")', "x"]) == '"\'=HYPERLINK(""evil"")",x\n'


def test_an_apostrophe_that_guards_nothing_is_part_of_the_cell() -> None:
    assert [dict(row) for row in csv_rows("name,other\n'tis.jpg,'=1\n")] == [{"name": "'tis.jpg", "other": "=1"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(end: str) -> None:
    rows = [dict(row) for row in csv_rows(end.join(["a,b", '1,"two\nlines"', "3,4", ""]))]
    assert rows == [{"a": "1", "b": "two\nlines"}, {"a": "3", "b": "4"}]


def test_surplus_cells_are_dropped_and_missing_ones_are_empty() -> None:
    assert [dict(row) for row in csv_rows("a,b\n1\n1,2,3\n\n")] == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]
