"""What is suggested is counted by the folders that pictures are from."""

from pathlib import Path

import pytest

from benchmarks.suggestions import Suggested, collect, line_in, show, suggested


def test_a_suggestion_fits_where_it_names_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    clusters = {"pets/dogs/1.jpg": 0, "pets/dogs/2.jpg": 0, "pets/cats/3.jpg": 1, "pets/cats/4.jpg": 1, "x.jpg": -1}
    texts = {name: [word] for name, word in zip(clusters, ["dogs", "dogs", "puss", "puss", "odd"], strict=True)}
    found = suggested(clusters, texts)
    assert found == [Suggested(2, "pets/dogs", 1.0, ["dogs"]), Suggested(2, "pets/cats", 1.0, ["puss"])]
    show("texts", found)
    assert "of 2 groups, 2 get a suggestion, 1 first" in capsys.readouterr().out


def test_kinds_of_enough_drawings_are_collected(tmp_path: Path) -> None:
    for kind, count in (("birds", 9), ("fish", 7), ("birds/cartoon", 8)):
        (tmp_path / "stamps" / kind).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "stamps" / kind / f"{number}.png").touch()
    (tmp_path / "stamps" / "birds" / "8.png").rename(tmp_path / "stamps" / "birds" / "0_mirror.png")
    pictures = collect(tmp_path / "stamps", tmp_path)
    assert sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob("*.png")) == [
        f"birds/{number}.png" for number in range(8)
    ]


def test_a_drawing_has_a_line_in_many_languages(tmp_path: Path) -> None:
    (tmp_path / "owl.txt").write_text("An owl.\nde.utf8=Eine Eule.\n", "utf-8")
    lines = {language: line_in(tmp_path / "owl.png", language) for language in ("en", "de", "ja")}
    assert lines == {"en": "An owl.", "de": "Eine Eule.", "ja": ""}
    assert line_in(tmp_path / "crow.png", "en") == ""
