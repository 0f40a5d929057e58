"""The words beside a bundle: written sorted, read by the names that pictures have, refused by the file's name."""

from pathlib import Path

import pytest

from shared.model.words import WORDS, WordsError, read_words, write_words


def test_reads_what_was_written(tmp_path: Path) -> None:
    words = {"sea/été.jpg": ["Strand, Meer"], "a.jpg": []}
    assert write_words(tmp_path, words) == tmp_path / WORDS
    assert read_words(tmp_path) == words
    assert [*read_words(tmp_path)] == ["a.jpg", "sea/été.jpg"]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read_words(tmp_path) == {}


def test_names_are_composed(tmp_path: Path) -> None:
    write_words(tmp_path, {"e\u0301.jpg": ["x"]})
    assert [*read_words(tmp_path)] == ["é.jpg"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": "b"}', b"\xff\xfe\xff"])
def test_what_can_t_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WORDS).write_bytes(content)
    with pytest.raises(WordsError, match=WORDS):
        read_words(tmp_path)


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / WORDS).mkdir()
    with pytest.raises(WordsError, match=WORDS):
        read_words(tmp_path)
