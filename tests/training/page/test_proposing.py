"""What a person is asked, and where pictures are said to belong."""

from pathlib import Path

import pytest
from PIL import Image

from tests.training.galleries import draw, open_plainly, train_pictures
from training.page.document import Document
from training.page.edits import Apart, Belong, Mark, Move, Remove, Unsure
from training.page.proposing import Proposal, Proposer

BOATS, APPLES, CUPS = 0, 1, 2


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(open_plainly(train_pictures(tmp_path / "models")), lambda labels, version, grouping: None)


def numbers(document: Document, prefix: str) -> tuple[int, ...]:
    return tuple(row for row, name in enumerate(document.gallery.names) if name.startswith(prefix))


def proposer(document: Document) -> Proposer:
    return Proposer(document.gallery, document.snapshot())


def asked(document: Document) -> list[Proposal]:
    return proposer(document).proposals()


def test_pictures_taken_from_a_group_are_asked_about_where_they_belong(document: Document) -> None:
    apples = numbers(document, "apple")
    document.change(Move(op="move", pictures=apples[:2], group=CUPS), "")
    (question,) = (proposal for proposal in asked(document) if proposal.groups == (APPLES,))
    assert {*question.pictures[: question.likely]} >= {*apples[:2]}
    document.change(Belong(op="belong", group=APPLES, yes=apples[:2]), "")
    assert all(proposal.groups != (APPLES,) or not {*proposal.pictures} & {*apples} for proposal in asked(document))


def test_a_no_is_not_asked_again(document: Document) -> None:
    apples = numbers(document, "apple")
    document.change(Move(op="move", pictures=apples[:1], group=CUPS), "")
    document.change(Belong(op="belong", group=APPLES, no=apples[:1]), "")
    assert [p for p in asked(document) if p.groups == (APPLES,) and apples[0] in p.pictures] == []


def test_two_groups_that_are_said_to_be_different_are_not_asked_about_again(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.page.proposing._SAME_WITHIN", 100)
    pairs = [proposal.groups for proposal in asked(document) if not proposal.pictures]
    assert sorted(pairs) == [(0, 1), (0, 2), (1, 2)]
    document.change(Apart(op="apart", groups=(1, 0)), "")
    pairs = [proposal.groups for proposal in asked(document) if not proposal.pictures]
    assert sorted(pairs) == [(0, 2), (1, 2)]


def test_what_is_set_aside_or_in_no_real_group_is_not_asked_about(document: Document) -> None:
    apples, boats = numbers(document, "apple"), numbers(document, "boat")
    document.change(Unsure(op="unsure", pictures=apples[:1]), "")
    document.change(Mark(op="mark", group=BOATS, not_group=True), "")
    pictures = {picture for proposal in asked(document) for picture in proposal.pictures}
    assert not pictures & {apples[0], *boats}
    assert all(BOATS not in proposal.groups for proposal in asked(document))


def test_what_does_not_seem_to_belong_comes_first(document: Document) -> None:
    apples = numbers(document, "apple")
    document.change(Move(op="move", pictures=apples[:2], group=CUPS), "")
    assert {*proposer(document).order(CUPS)[:2]} == {*apples[:2]}


def test_the_likeliest_group_comes_first(document: Document) -> None:
    apples = numbers(document, "apple")
    document.change(Remove(op="remove", pictures=apples[:1]), "")
    assert APPLES not in proposer(document).targets(apples[1:2])
    document.change(Move(op="move", pictures=apples[1:2], group=CUPS), "")
    assert proposer(document).targets(apples[1:2])[0] == APPLES


def test_a_single_group_is_asked_about_near_misses_best_first(tmp_path: Path) -> None:
    folder = train_pictures(tmp_path / "models")
    for copy, share in enumerate((0.4, 0.42)):
        Image.blend(draw(1, 0), draw(9, 0), share).save(tmp_path / "pictures" / f"near{copy}.png")
    document = Document(open_plainly(folder), lambda labels, version, grouping: None)
    for group in (BOATS, CUPS):
        document.change(Mark(op="mark", group=group, not_group=True), "")
    (question,) = asked(document)
    assert (question.groups, question.pictures) == ((APPLES,), numbers(document, "near"))
    assert question.likely == 0


def test_with_one_group_nothing_is_asked_and_all_is_shown(document: Document) -> None:
    for group in (BOATS, CUPS):
        document.change(Mark(op="mark", group=group, not_group=True), "")
    assert asked(document) == []
    assert sorted(proposer(document).order(APPLES)) == [*numbers(document, "apple")]
