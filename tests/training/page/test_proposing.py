"""What a person is asked, and where pictures are said to belong."""

from pathlib import Path

import pytest
from PIL import Image

from shared.model.bundle import write_labels
from tests.training.galleries import draw, open_plainly, train_pictures
from training.page.document import Document
from training.page.edits import Apart, Belong, Mark, Merge, Move, Remove, Split, Unsure
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


def misplace(document: Document, pictures: tuple[int, ...], group: int) -> None:
    """Have pictures in a group though nobody put them there, as a split or a training may."""
    labels = document.change(Move(op="move", pictures=pictures, group=group), "").now.labels
    edits = labels.edits.model_copy(update={"by_hand": ()})
    write_labels(document.gallery.folder, labels.model_copy(update={"edits": edits}))


def test_pictures_taken_from_a_group_are_asked_about_where_they_belong(document: Document) -> None:
    apples = numbers(document, "apple")
    misplace(document, apples[:2], CUPS)
    (question,) = (proposal for proposal in asked(document) if proposal.groups == (APPLES,))
    assert {*question.pictures[: question.likely]} >= {*apples[:2]}
    document.change(Belong(op="belong", group=APPLES, yes=apples[:2]), "")
    assert all(proposal.groups != (APPLES,) or not {*proposal.pictures} & {*apples} for proposal in asked(document))


def test_a_no_is_not_asked_again(document: Document) -> None:
    apples = numbers(document, "apple")
    misplace(document, apples[:1], CUPS)
    document.change(Belong(op="belong", group=APPLES, no=apples[:1]), "")
    assert [p for p in asked(document) if p.groups == (APPLES,) and apples[0] in p.pictures] == []


@pytest.mark.parametrize("how", ["moved", "answered", "moved and merged", "moved and split"])
def test_a_picture_that_was_put_somewhere_by_hand_is_not_asked_about_again(document: Document, how: str) -> None:
    boats, cups = numbers(document, "boat"), numbers(document, "cup")
    apple = numbers(document, "apple")[0]
    if how == "answered":
        document.change(Belong(op="belong", group=CUPS, yes=(apple,)), "")
    else:
        document.change(Move(op="move", pictures=(apple,), group=CUPS), "")
    if how == "moved and merged":
        document.change(Merge(op="merge", groups=(BOATS, CUPS), names=()), "")
    if how == "moved and split":
        document.change(Split(op="split", group=CUPS, parts=2), document.snapshot().digest)
    assert all(apple not in proposal.pictures for proposal in asked(document))
    here = int(document.snapshot().shown.clusters[apple])
    assert proposer(document).order(here)[-1] == apple
    assert APPLES in proposer(document).targets([apple])
    document.change(Move(op="move", pictures=boats + cups, name="both"), "")
    document.change(Remove(op="remove", pictures=(apple,)), "")
    assert document.gallery.placer.by_hand(document.snapshot().labels) == {*boats, *cups}


def test_a_copy_of_a_picture_put_somewhere_by_hand_is_not_asked_about_either(tmp_path: Path) -> None:
    folder = train_pictures(tmp_path / "models")
    trained = open_plainly(folder)
    move = Move(op="move", pictures=(trained.names.index("apple0.png"),), group=CUPS)
    Document(trained, lambda labels, version, grouping: None).change(move, "")
    draw(1, 0).save(tmp_path / "pictures" / "apple0 again.png")
    document = Document(open_plainly(folder), lambda labels, version, grouping: None)
    assert document.gallery.placer.by_hand(document.snapshot().labels) == {*numbers(document, "apple0")}


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
    misplace(document, apples[:2], CUPS)
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
