"""What the page's scripts are told."""

from pathlib import Path

import pytest

from tests.training.galleries import open_plainly, train_pictures
from training.gallery import Gallery
from training.page.document import Document
from training.page.splitting import Way
from training.page.view import state_view, way_views

CUPS = 2


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(open_plainly(train_pictures(tmp_path / "models")), lambda labels, version, grouping: None)


def test_ways_that_put_the_same_pictures_together_are_one(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    def alike(*arguments: object) -> list[Way]:
        return [Way(0.06, 3), Way(0.05, 3)]

    monkeypatch.setattr("training.page.view.ways", alike)
    found, group = document.group(CUPS)
    (only,) = way_views(document.gallery, found, group)
    assert (only["eps"], [len(part) for part in only["parts"]], only["left"]) == (0.06, [4, 4], [])


def test_every_picture_is_told_once(document: Document) -> None:
    gallery: Gallery = document.gallery
    state = state_view(gallery, document.snapshot(), None)
    told = [item["picture"] for group in state["groups"] for item in group["pictures"]]
    told += [item["picture"] for item in state["unclustered"]]
    assert sorted(told) == list(range(len(gallery.names)))
    assert (state["undo"], state["redo"], state["trouble"], state["missing"]) == (None, None, None, 0)
