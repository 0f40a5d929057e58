"""What a person does to the groups, and what the model answers then."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from tests.training.galleries import HOSTILE, draw, open_plainly, train_pictures
from training.gallery.gallery import Gallery
from training.page.edited import Edited, EditError
from training.page.edits import (
    Apart,
    Belong,
    Edit,
    Mark,
    Merge,
    Move,
    Name,
    PutBack,
    PutBackMissing,
    Remove,
    Split,
    Unsure,
    apply,
    embedding_digest,
    shown_grouping,
)

BOATS, APPLES, CUPS = 0, 1, 2


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return open_plainly(train_pictures(tmp_path_factory.mktemp("shapes") / "models"))


def make(gallery: Gallery, labels: Labels, edit: Edit) -> Edited:
    return apply(edit, gallery, labels, shown_grouping(gallery, labels, gallery.grouping(labels)))


def after(gallery: Gallery, *edits: Edit) -> Labels:
    labels = gallery.bundle.labels
    for edit in edits:
        labels = make(gallery, labels, edit).labels
    return labels


def pictures(gallery: Gallery, labels: Labels, cluster: int) -> list[str]:
    clusters = gallery.grouping(labels).clusters
    return [name for name, found in zip(gallery.names, clusters, strict=True) if found == cluster]


def name(*add: str, remove: tuple[str, ...] = (), group: int = BOATS) -> Name:
    return Name(op="name", group=group, add=add, remove=remove)


def out(picture: int) -> Remove:
    return Remove(op="remove", pictures=(picture,))


def back(picture: int) -> PutBack:
    return PutBack(op="put_back", pictures=(picture,))


class TestNames:
    def test_are_added_in_order_and_removed_one_by_one(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"), name("ship", "vessel"), name(remove=("ship",)))
        assert labels.labels == {BOATS: ("boat", "vessel")}

    def test_are_removed_altogether_when_the_last_one_goes(self, gallery: Gallery) -> None:
        assert after(gallery, name("boat"), name(remove=("boat",))).labels == {}

    def test_are_tidied_and_not_doubled(self, gallery: Gallery) -> None:
        labels = after(gallery, name("  open \t book ", "Open Book", "cafe\u0301", ""))
        assert labels.labels == {BOATS: ("open book", "caf\u00e9")}

    def test_may_be_the_same_for_two_groups_that_stay_two(self, gallery: Gallery) -> None:
        labels = after(gallery, name("thing"), name("thing", group=APPLES))
        assert labels.labels == {BOATS: ("thing",), APPLES: ("thing",)}
        assert len(gallery.grouping(labels).groups) == 3

    def test_may_be_any_markup(self, gallery: Gallery) -> None:
        assert after(gallery, name(HOSTILE)).labels == {BOATS: (HOSTILE,)}

    @pytest.mark.parametrize(("bad", "reason"), [("x" * 101, "at most 100"), ("a\x00b", "not printed")])
    def test_that_are_none_are_refused(self, gallery: Gallery, bad: str, reason: str) -> None:
        with pytest.raises(EditError, match=reason):
            after(gallery, name(bad))

    def test_a_group_has_a_hundred_names_and_no_more(self, gallery: Gallery) -> None:
        hundred = [f"name {number}" for number in range(100)]
        assert len(after(gallery, name(*hundred)).labels[BOATS]) == 100
        with pytest.raises(EditError, match="that would be 101 names: a group has at most 100"):
            after(gallery, name(*hundred), name("another"))

    def test_nothing_new_changes_nothing(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"))
        assert make(gallery, labels, name("BOAT")) == Edited(labels, "Nothing to change")

    def test_what_was_done_is_said(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"))
        message = make(gallery, labels, name("ship", remove=("boat",))).message
        assert message == "Group 0 named “ship” and no longer “boat”"


class TestNotAGroup:
    def test_answers_as_unclustered_and_is_shown_all_the_same(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"), Mark(op="mark", group=BOATS, not_group=True))
        assert pictures(gallery, labels, BOATS) == []
        shown = shown_grouping(gallery, labels, gallery.grouping(labels))
        assert [group.cluster for group in shown.groups] == [BOATS, APPLES, CUPS]
        assert [gallery.names[picture] for picture in shown.unclustered] == ["odd.png"]

    def test_can_be_taken_back(self, gallery: Gallery) -> None:
        marked = after(gallery, Mark(op="mark", group=BOATS, not_group=True))
        back = make(gallery, marked, Mark(op="mark", group=BOATS, not_group=False))
        assert back.labels == gallery.bundle.labels
        assert back.message == "Group 0 is a group again"


class TestTakingOut:
    def test_a_picture_no_longer_answers_its_group_however_much_others_resemble_it(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        edited = make(gallery, gallery.bundle.labels, out(apple))
        assert pictures(gallery, edited.labels, APPLES) == ["apple0.png", "apple1.png", "apple3.png", "apple4.png"]
        assert edited.message == "apple2.png removed from group 1: unclustered now"
        assert sorted(edited.labels.exemplars[APPLES]) == pictures(gallery, edited.labels, APPLES)
        (entry,) = edited.labels.edits.excluded
        assert (entry.picture, entry.clusters) == ("apple2.png", (APPLES,))
        assert (entry.embedding() == gallery.vectors[apple]).all()

    def test_pictures_that_are_no_core_samples_are_removed_alike(self, tmp_path: Path) -> None:
        folder = train_pictures(tmp_path / "models")
        draw(1, 77).save(tmp_path / "pictures" / "zebra.png")
        wider = open_plainly(folder)
        zebra = wider.names.index("zebra.png")
        labels = after(wider, out(zebra))
        assert "zebra.png" not in pictures(wider, labels, APPLES)
        assert len(pictures(wider, labels, APPLES)) == 5
        assert "zebra.png" in pictures(wider, after(wider, out(zebra), back(zebra)), APPLES)

    def test_its_copies_go_with_it_and_nothing_else(self, tmp_path: Path) -> None:
        folder = train_pictures(tmp_path / "models")
        for copy in range(4):
            draw(1, 2).save(tmp_path / "pictures" / f"apple2 again {copy}.png")
        Image.blend(draw(1, 2), draw(1, 4), 0.2).save(tmp_path / "pictures" / "apple2 nearly.png")
        wider = open_plainly(folder)
        edited = make(wider, wider.bundle.labels, out(wider.names.index("apple2.png")))
        assert edited.message == "5 pictures removed from group 1"
        assert "apple2 nearly.png" in pictures(wider, edited.labels, APPLES)
        assert [entry.picture for entry in edited.labels.edits.held] == ["apple2 nearly.png"]
        with pytest.raises(EditError, match=r"again 1\.png: removed already"):
            make(wider, edited.labels, out(wider.names.index("apple2 again 1.png")))
        put_back = make(wider, edited.labels, back(wider.names.index("apple2 again 1.png")))
        assert put_back.labels.edits == wider.bundle.labels.edits

    def test_the_last_one_takes_the_group_with_it_and_brings_it_back(self, gallery: Gallery) -> None:
        boats = [picture for picture, name in enumerate(gallery.names) if name.startswith(("boat", "<"))]
        labels = after(gallery, name("boat"), *map(out, boats))
        assert pictures(gallery, labels, BOATS) == []
        again = make(gallery, labels, back(boats[0]))
        assert pictures(gallery, again.labels, BOATS) == [gallery.names[boats[0]]]
        assert again.message == f"{gallery.names[boats[0]]} put back: in “boat” again"

    def test_putting_back_is_as_if_nothing_had_been(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        labels = after(gallery, out(apple), back(apple))
        assert labels.edits == gallery.bundle.labels.edits
        assert set(labels.exemplars[APPLES]) == set(gallery.bundle.labels.exemplars[APPLES])

    def test_a_picture_whose_file_is_gone_is_put_back_by_its_embedding(self, tmp_path: Path) -> None:
        folder = train_pictures(tmp_path / "models")
        complete = open_plainly(folder)
        apple = complete.names.index("apple2.png")
        labels = after(complete, out(apple))
        (entry,) = labels.edits.excluded
        (tmp_path / "pictures" / "apple2.png").unlink()
        gallery = open_plainly(folder)
        edit = PutBackMissing(op="put_back_missing", embedding=embedding_digest(entry))
        edited = make(gallery, labels, edit)
        assert edited.message == "apple2.png put back: pictures like it may be in group 1 again"
        assert edited.labels.edits == gallery.bundle.labels.edits
        for these, cluster in ((labels, NOISE), (edited.labels, APPLES)):
            assert gallery.model(these).assign(complete.vectors[[apple]])[0].cluster == cluster
        with pytest.raises(EditError, match="put back already"):
            make(gallery, edited.labels, edit)

    def test_it_is_removed_from_the_group_that_it_answers_next_too(self, tmp_path: Path) -> None:
        folder = train_pictures(tmp_path / "models")
        Image.blend(draw(1, 7), draw(2, 7), 0.45).save(tmp_path / "pictures" / "between.png")
        gallery = open_plainly(folder)
        between = gallery.names.index("between.png")
        wide = gallery.bundle.arrays.eps + np.float32(0.5)
        arrays = replace(gallery.bundle.arrays, eps=wide, reach=wide)
        gallery.bundle = replace(gallery.bundle, arrays=arrays)
        first = make(gallery, gallery.bundle.labels, out(between))
        assert first.message.startswith("between.png removed from group 1: in group 0 now")
        second = make(gallery, first.labels, out(between))
        assert [entry.clusters for entry in second.labels.edits.excluded] == [(APPLES, BOATS)]
        assert make(gallery, second.labels, back(between)).labels.edits.excluded == ()

    def test_what_can_not_be_is_refused(self, gallery: Gallery) -> None:
        odd, apple = gallery.names.index("odd.png"), gallery.names.index("apple2.png")
        labels = after(gallery, out(apple))
        for edit, reason in (
            (out(odd), "in no group"),
            (out(apple), "removed already"),
            (out(99), "no picture 99"),
            (out(-1), "no picture -1"),
            (back(odd), "not removed"),
        ):
            with pytest.raises(EditError, match=reason):
                make(gallery, labels, edit)


class TestMoving:
    def test_puts_a_picture_into_another_group_and_leaves_all_others(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        edited = make(gallery, after(gallery, name("boat")), Move(op="move", pictures=(apple,), group=BOATS))
        assert edited.message == "apple2.png moved to “boat”"
        assert "apple2.png" in pictures(gallery, edited.labels, BOATS)
        before = gallery.grouping(gallery.bundle.labels).clusters
        moved = gallery.grouping(edited.labels).clusters != before
        assert np.flatnonzero(moved).tolist() == [apple]
        assert edited.labels.edits.decided == (BOATS, APPLES)

    def test_makes_a_new_group_of_the_unclustered(self, gallery: Gallery) -> None:
        odd = gallery.names.index("odd.png")
        labels = after(gallery, Move(op="move", pictures=(odd,), name="  odd  things "))
        assert labels.labels == {3: ("odd things",)}
        assert pictures(gallery, labels, 3) == ["odd.png"]
        assert [entry.picture for entry in labels.edits.placed] == ["odd.png"]
        assert gallery.model(labels).assign(gallery.vectors[[odd]])[0].names == ("odd things",)

    def test_and_back_leaves_nothing_behind(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        there = Move(op="move", pictures=(apple,), group=BOATS)
        labels = after(gallery, there, Move(op="move", pictures=(apple,), group=APPLES))
        assert labels.edits.model_copy(update={"decided": ()}) == gallery.bundle.labels.edits

    def test_takes_a_removed_picture_back(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        labels = after(gallery, out(apple), Move(op="move", pictures=(apple,), group=APPLES))
        assert labels.edits.excluded == ()
        assert "apple2.png" in pictures(gallery, labels, APPLES)

    def test_what_can_not_be_is_refused(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        labels = after(gallery, Mark(op="mark", group=BOATS, not_group=True))
        for edit, reason in (
            (Move(op="move", pictures=(apple,), group=APPLES), "already in group 1"),
            (Move(op="move", pictures=(apple,), group=9), "not there any more"),
            (Move(op="move", pictures=(apple,), group=BOATS), "marked as not a group"),
            (Move(op="move", pictures=(99,), group=BOATS), "no picture 99"),
        ):
            with pytest.raises(EditError, match=reason):
                make(gallery, labels, edit)


class TestNotSure:
    def test_the_picture_answers_nothing_and_comes_back(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        edited = make(gallery, gallery.bundle.labels, Unsure(op="unsure", pictures=(apple,)))
        assert edited.message == "apple2.png set aside as not sure: unclustered now"
        assert len(pictures(gallery, edited.labels, APPLES)) == 4
        again = make(gallery, edited.labels, back(apple))
        assert again.message == "apple2.png put back: in group 1 again"
        assert again.labels.edits == gallery.bundle.labels.edits

    def test_a_picture_does_not_belong_to_the_group_that_it_is_near(self, gallery: Gallery) -> None:
        odd = gallery.names.index("odd.png")
        labels = after(gallery, Belong(op="belong", no=(odd,), group=APPLES))
        assert [(entry.picture, entry.clusters) for entry in labels.edits.excluded] == [("odd.png", (APPLES,))]


class TestMerging:
    def test_makes_one_group_with_the_names_that_a_person_chose(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"), name("apple", group=APPLES))
        edited = make(gallery, labels, Merge(op="merge", groups=(BOATS, APPLES), names=("apple",)))
        assert edited.message == "“boat” and “apple” merged as “apple”"
        (merged,) = edited.labels.labels
        assert len(pictures(gallery, edited.labels, merged)) == 9
        assert len(gallery.grouping(edited.labels).groups) == 2

    def test_groups_that_are_not_the_same_are_remembered(self, gallery: Gallery) -> None:
        labels = after(gallery, Apart(op="apart", groups=(APPLES, BOATS)))
        assert (labels.edits.apart, labels.edits.decided) == (((BOATS, APPLES),), (BOATS, APPLES))

    def test_a_group_is_not_merged_with_itself(self, gallery: Gallery) -> None:
        with pytest.raises(EditError, match="with itself"):
            after(gallery, Merge(op="merge", groups=(BOATS, BOATS), names=()))


class TestSplitting:
    split = Split(op="split", group=CUPS, parts=2)

    def test_parts_are_new_groups_with_the_names_of_the_old_one(self, gallery: Gallery) -> None:
        labels = after(gallery, name("cup", group=CUPS), self.split)
        assert pictures(gallery, labels, CUPS) == []
        assert {name[:3] for name in pictures(gallery, labels, 3)} == {"cup"}
        assert {name[:3] for name in pictures(gallery, labels, 4)} == {"mug"}
        assert labels.labels == {3: ("cup",), 4: ("cup",)}
        assert labels.edits.decided == (3, 4)
        assert set(labels.exemplars[3]) == set(pictures(gallery, labels, 3))
        assert CUPS not in labels.exemplars

    def test_parts_are_named_where_they_stand(self, gallery: Gallery) -> None:
        labels = after(gallery, name("cup", group=CUPS), self.split.model_copy(update={"names": ("", "mug")}))
        assert labels.labels == {3: ("cup",), 4: ("mug",)}

    def test_a_part_is_a_group_like_any_other(self, gallery: Gallery) -> None:
        cup = gallery.names.index("cup1.png")
        labels = after(gallery, self.split, name("mug", group=4), out(cup))
        assert labels.labels == {4: ("mug",)}
        assert "cup1.png" not in pictures(gallery, labels, 3)
        assert "cup1.png" in pictures(gallery, after(gallery, self.split, out(cup), back(cup)), 3)

    def test_what_was_removed_stays_out_of_every_part(self, gallery: Gallery) -> None:
        cup, mug = gallery.names.index("cup1.png"), gallery.names.index("mug1.png")
        labels = after(gallery, out(mug), self.split, out(cup))
        assert {entry.picture: entry.clusters for entry in labels.edits.excluded} == {
            "mug1.png": (3, 4),
            "cup1.png": (3,),
        }
        clusters = gallery.grouping(labels).clusters
        assert clusters[[cup, mug]].tolist() == [NOISE, NOISE]

    def test_the_saved_file_is_one_that_the_model_accepts(self, gallery: Gallery) -> None:
        labels = after(gallery, self.split)
        assert Labels.model_validate_json(labels.model_dump_json()) == labels
        assert gallery.model(labels).labels == labels

    def test_what_is_no_group_is_not_split(self, gallery: Gallery) -> None:
        with pytest.raises(EditError, match="marked as not a group"):
            after(gallery, Mark(op="mark", group=CUPS, not_group=True), self.split)


def test_a_group_that_is_gone_is_said_to_be(gallery: Gallery) -> None:
    with pytest.raises(EditError, match="group 7 is not there any more"):
        after(gallery, name("x", group=7))


def test_edits_are_told_apart_by_what_they_do() -> None:
    parsed: Edit = TypeAdapter[Edit](Edit).validate_json('{"op": "put_back", "pictures": [3]}')
    assert parsed == PutBack(op="put_back", pictures=(3,))
