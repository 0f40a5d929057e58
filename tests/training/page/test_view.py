"""What the page's scripts are told."""

from pathlib import Path

import pytest

from tests.training.galleries import open_plainly, train_pictures
from training.gallery.gallery import Gallery
from training.page.document import Document
from training.page.edits import Remove, embedding_digest
from training.page.splitting import SplitOption
from training.page.view import split_option_views, state_view

APPLES, CUPS = 1, 2


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return open_document(train_pictures(tmp_path / "models"))


def open_document(folder: Path) -> Document:
    return Document(open_plainly(folder), lambda labels, version, grouping: None)


def test_ways_that_put_the_same_pictures_together_are_one(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    def alike(*arguments: object) -> list[SplitOption]:
        return [SplitOption(0.06, 3), SplitOption(0.05, 3)]

    monkeypatch.setattr("training.page.view.split_options", alike)
    found, group = document.group(CUPS)
    (only,) = split_option_views(document.gallery, found, group)
    assert (only["eps"], [len(part) for part in only["parts"]], only["left"]) == (0.06, [4, 4], [])


def test_every_picture_is_told_once(document: Document) -> None:
    gallery: Gallery = document.gallery
    state = state_view(gallery, document.snapshot(), None)
    told = [item["picture"] for group in state["groups"] for item in group["pictures"]]
    told += [item["picture"] for item in state["unclustered"]]
    assert sorted(told) == list(range(len(gallery.names)))
    assert (state["undo"], state["redo"], state["trouble"], state["missing"]) == (None, None, None, 0)


def test_a_picture_that_was_removed_is_told_of_when_its_file_is_gone(document: Document, tmp_path: Path) -> None:
    apple = document.gallery.names.index("apple2.png")
    now = document.change(Remove(op="remove", picture=apple), document.snapshot().digest).now
    assert state_view(document.gallery, now, None)["excludedMissing"] == []
    (tmp_path / "pictures" / "apple2.png").unlink()
    later = open_document(document.gallery.folder)
    state = state_view(later.gallery, later.snapshot(), None)
    (entry,) = now.labels.edits.excluded
    assert state["excludedMissing"] == [
        {"embedding": embedding_digest(entry), "name": "apple2.png", "groups": (APPLES,)}
    ]
    assert [group["out"] for group in state["groups"]] == [[], [], []]
