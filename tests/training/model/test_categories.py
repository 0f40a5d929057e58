import unicodedata
from pathlib import Path

import pytest

from shared.csv_files import csv_row
from training.model.categories import CategoriesError, find_categories

PICTURES = ["a.jpg", "b.jpg", "c.jpg"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "categories.csv"


def test_the_first_folder_is_the_category() -> None:
    assert find_categories("folders", ["art/a.jpg", "art/old/b.jpg", "maps/c.jpg"]) == ["art", "art", "maps"]


def test_a_picture_in_no_folder_is_named() -> None:
    with pytest.raises(CategoriesError, match=r"loose\.jpg lies in no subfolder"):
        find_categories("folders", ["art/a.jpg", "loose.jpg"])


@pytest.mark.parametrize(
    "content",
    [
        b"picture,category\na.jpg,art\nb.jpg,maps\nc.jpg,art\n",
        b"\xef\xbb\xbfpicture,category\r\na.jpg,art\r\nb.jpg,maps\r\nc.jpg,art\r\n",
        b"category,comment,picture\nart,,c.jpg\nmaps,fine,b.jpg\nart,,a.jpg\nart,unused,d.jpg\n",
        "picture,category\na.jpg,art\nb.jpg,maps\nc.jpg,art\n".encode("utf-16"),
        b'"picture","category"\r"a.jpg","art"\r"b.jpg","maps"\r"c.jpg","art"\r',
    ],
    ids=["plain", "from Excel", "more columns and rows, another order", "as Unicode text", "from an old Mac"],
)
def test_a_csv_file_gives_each_pictures_category(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert find_categories(str(file), PICTURES) == ["art", "maps", "art"]


def test_guarded_names_are_found(file: Path) -> None:
    names = ["=1+1.jpg", "-dash.jpg", "@home.jpg", "'tis.jpg", "two\r\nlines.jpg", "a,b.jpg"]
    file.write_bytes("".join(csv_row(row) for row in [("picture", "category"), *((n, "odd") for n in names)]).encode())
    assert find_categories(str(file), names) == ["odd"] * 6


def test_an_apostrophe_written_by_hand_is_found(file: Path) -> None:
    file.write_text("picture,category\n'tis.jpg,odd\n")
    assert find_categories(str(file), ["'tis.jpg"]) == ["odd"]


@pytest.mark.parametrize("rows", ["a.jpg,art\n", "a.jpg,art\nb.jpg,\nc.jpg\n"], ids=["no row", "an empty cell"])
def test_a_picture_without_a_category_is_named_and_counted(file: Path, rows: str) -> None:
    file.write_text(f"picture,category\n{rows}")
    with pytest.raises(CategoriesError, match=r"categories\.csv has no category for b\.jpg \(2 pictures are missing"):
        find_categories(str(file), PICTURES)


@pytest.mark.parametrize(
    "content",
    [b"", b"picture,category\n", b"name,category\na.jpg,art\n", b"picture;category\na.jpg;art\n"],
    ids=["empty", "no rows", "another column", "semicolons"],
)
def test_a_file_with_missing_columns_names_them(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(CategoriesError, match=r"categories\.csv needs the columns picture and category, and a row"):
        find_categories(str(file), PICTURES)


@pytest.mark.parametrize("content", [b"picture,category\ncaf\xe9.jpg,art\n", b"picture,category\n" + b"x" * 200_000])
def test_an_unreadable_file_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(CategoriesError, match=r"categories\.csv can't be read"):
        find_categories(str(file), PICTURES)


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(CategoriesError, match=r"categories\.csv can't be read: .*No such file"):
        find_categories(str(file), PICTURES)


def test_a_picture_is_found_however_its_accents_are_written(file: Path) -> None:
    file.write_text(f"picture,category\n{unicodedata.normalize('NFD', 'é.jpg')},art\n", "utf-8")
    assert find_categories(str(file), ["é.jpg"]) == ["art"]


def test_another_encoding_is_named(file: Path) -> None:
    file.write_bytes("picture,category\né.jpg,art\n".encode("cp1252"))
    with pytest.raises(CategoriesError, match="can't be read: it is neither UTF-8 nor UTF-16"):
        find_categories(str(file), ["é.jpg"])
