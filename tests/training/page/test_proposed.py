"""Groups that are proposed: nothing is answered with them until a person says what they are."""

import shutil
from pathlib import Path

import pytest

from shared.model.bundle import Labels
from tests.training.galleries import open_plainly, propose_stars, train_pictures
from tests.training.page.editing import APPLES, BOATS, CUPS, after, make, name, pictures
from training.gallery.gallery import Gallery
from training.page.edited import EditError
from training.page.edits import Mark, Merge, Move, Split, shown_grouping

STARS = 3


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """With a proposed group, whose pictures are in another folder."""
    folder = train_pictures(tmp_path_factory.mktemp("shapes") / "models")
    propose_stars(folder)
    return open_plainly(folder)


def shown(met: Gallery, labels: Labels) -> list[int]:
    return [group.cluster for group in shown_grouping(met, labels, met.grouping(labels)).groups]


def test_is_shown_and_not_answered(met: Gallery) -> None:
    labels = met.bundle.labels
    assert pictures(met, labels, STARS) == []
    assert shown(met, labels) == [BOATS, APPLES, CUPS, STARS]


def test_its_name_accepts_it(met: Gallery) -> None:
    labels = after(met, name("star", group=STARS))
    assert labels.proposed == ()
    assert pictures(met, labels, STARS) == [f"star{copy}.png" for copy in range(4)]
    assert [pictures(met, labels, group) for group in (BOATS, APPLES, CUPS)] == [
        pictures(met, met.bundle.labels, group) for group in (BOATS, APPLES, CUPS)
    ]


def test_is_accepted_without_a_name(met: Gallery) -> None:
    edited = make(met, met.bundle.labels, Mark(op="mark", group=STARS, not_group=False))
    assert edited.message == "Group 3 is a group now"
    assert len(pictures(met, edited.labels, STARS)) == 4


def test_is_turned_down_and_remembered(met: Gallery) -> None:
    labels = after(met, Mark(op="mark", group=STARS, not_group=True))
    assert (labels.proposed, labels.not_groups) == ((), (STARS,))
    assert pictures(met, labels, STARS) == []


def test_joins_a_group_that_keeps_its_number(met: Gallery) -> None:
    labels = after(met, Merge(op="merge", groups=(STARS, BOATS), names=("boat",)))
    assert (labels.proposed, labels.labels) == ((), {BOATS: ("boat",)})
    assert len(pictures(met, labels, BOATS)) == 8
    assert shown(met, labels) == [BOATS, APPLES, CUPS]


def test_is_split_into_groups(met: Gallery) -> None:
    labels = after(met, Split(op="split", group=STARS, parts=2))
    assert labels.proposed == ()
    assert sorted(len(pictures(met, labels, group)) for group in (4, 5))[0] > 0
    assert shown(met, labels) == [BOATS, APPLES, CUPS, 4, 5]


def test_takes_no_single_picture_before_it_is_accepted(met: Gallery) -> None:
    with pytest.raises(EditError, match="proposed: accept it first"):
        after(met, Move(op="move", pictures=(0,), group=STARS))


def test_what_is_gone_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = train_pictures(tmp_path / "models")
    shutil.rmtree(propose_stars(folder))
    gallery = open_plainly(folder)
    assert "Left out 4 pictures that came from" in capsys.readouterr().out
    assert gallery.missing == tuple(f"star{copy}.png" for copy in range(4))
