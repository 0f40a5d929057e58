import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from shared.model.bundle import Labels
from training.model.names import NamesError, make_labels, names_by_exemplar, read_names

PICTURES = ["a.jpg", "left/same.jpg", "right/same.jpg", "right/b.jpg", "noise.jpg"]
LABELS = np.array([0, 0, 1, 1, -1], dtype=np.int32)


def names(given: dict[str, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    return names_by_exemplar(given, PICTURES, LABELS)


def test_the_group_of_the_exemplar_gets_the_names() -> None:
    assert names({"left/same.jpg": ("book", "open")}) == {0: ("book", "open")}


def test_a_bare_file_name_stands_for_the_one_picture_that_has_it() -> None:
    assert names({"b.jpg": ("map",)}) == {1: ("map",)}


def test_a_whole_path_wins_over_a_bare_name() -> None:
    pictures = ["b.jpg", "deep/b.jpg"]
    assert names_by_exemplar({"b.jpg": ("map",)}, pictures, np.array([1, 0], dtype=np.int32)) == {1: ("map",)}


def test_two_exemplars_may_agree() -> None:
    assert names({"a.jpg": ("book",), "left/same.jpg": ("book",)}) == {0: ("book",)}


def test_two_exemplars_that_disagree_are_named() -> None:
    with pytest.raises(NamesError, match=r"a\.jpg and left/same\.jpg are in the same group .*: book and map, chart"):
        names({"a.jpg": ("book",), "left/same.jpg": ("map", "chart")})


def test_an_ambiguous_name_lists_what_it_could_be() -> None:
    with pytest.raises(NamesError, match=r"same\.jpg could be any of left/same\.jpg, right/same\.jpg: give its path"):
        names({"same.jpg": ("book",)})


def test_an_unknown_exemplar_is_named() -> None:
    with pytest.raises(NamesError, match=r"c\.jpg is not among the 5 pictures trained on"):
        names({"c.jpg": ("book",)})
    with pytest.raises(NamesError, match=r"wrong/b\.jpg is not among"):
        names({"wrong/b.jpg": ("book",)})


def test_an_exemplar_in_no_group_says_what_to_try() -> None:
    with pytest.raises(NamesError, match=r"noise\.jpg is in no group, .*: pick another picture or a larger eps"):
        names({"noise.jpg": ("book",)})


def test_a_label_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text(json.dumps({"a.jpg": ["open book", " double spread "], "b.jpg": ["été"]}))
    assert read_names(path) == {"a.jpg": ("open book", "double spread"), "b.jpg": ("été",)}


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", '{"a.jpg": "open book"}', '{"a.jpg": [1]}', '{"a.jpg": []}', '{"a.jpg": ["book", " "]}'),
        json.dumps({"a.jpg": ["book"] * 101}),
    ],
)
def test_a_label_file_of_another_shape_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "names.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(NamesError, match=r"names\.json must map picture names to lists of names: "):
        read_names(path)


def test_a_missing_label_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NamesError, match=r"names\.json can't be read: No such file"):
        read_names(tmp_path / "names.json")


def test_labels_hold_the_most_central_pictures_of_each_group() -> None:
    pictures = [f"{number}.jpg" for number in range(9)]
    labels = np.array([0, 0, 0, 0, 0, 0, 0, 1, -1], dtype=np.int32)
    centrality = np.array([6, 5, 4, 3, 2, 1, 1, 9, 0], dtype=np.float32)
    made = make_labels({1: ("map",), 0: ("book",)}, pictures, labels, centrality, np.eye(9, dtype=np.float32))
    assert made.exemplars == {0: ("5.jpg", "6.jpg", "4.jpg", "3.jpg", "2.jpg"), 1: ("7.jpg",)}
    assert made == Labels(labels={0: ("book",), 1: ("map",)}, exemplars=made.exemplars)
    assert list(made.labels) == [0, 1], "the file is the same whatever the order of the names"


def test_the_pictures_that_labels_hold_are_different_ones_first() -> None:
    vectors = np.eye(9, dtype=np.float32)[[0, 0, 0, 1, 1, 2, 3]]
    pictures = [f"{number}.jpg" for number in range(7)]
    made = make_labels({}, pictures, np.zeros(7, dtype=np.int32), np.arange(7, dtype=np.float32), vectors)
    assert made.exemplars == {0: ("0.jpg", "3.jpg", "5.jpg", "6.jpg", "1.jpg")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_names_may_be_saved_by_any_editor(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "names.json"
    path.write_bytes('{"b.jpg": ["Bücher"]}'.encode(encoding))
    assert read_names(path) == {"b.jpg": ("Bücher",)}


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_bytes('{"b.jpg": ["Bücher"]}'.encode("cp1252"))
    with pytest.raises(NamesError, match=r"names\.json can't be read: it is neither UTF-8 nor UTF-16: save it again"):
        read_names(path)


def test_a_picture_is_found_however_its_accents_are_written(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    for form in ("NFC", "NFD"):
        path.write_text(json.dumps({unicodedata.normalize(form, "é.jpg"): ["book"]}), "utf-8")
        assert names_by_exemplar(read_names(path), ["é.jpg"], np.array([0], dtype=np.int32)) == {0: ("book",)}


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "line\nend\x07", "x" * 100_000])
def test_what_is_not_a_name_is_refused_by_its_entry(tmp_path: Path, name: str) -> None:
    path = tmp_path / "names.json"
    path.write_text(json.dumps({"b.jpg": ["fine", name]}), "utf-8")
    with pytest.raises(NamesError, match=r"b\.jpg\.1: .*a name (can't|has)"):
        read_names(path)
