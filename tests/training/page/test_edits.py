"""What a person does to the groups, and what the model answers then."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from shared.bundle import Labels
from shared.clusters import NOISE
from tests.training.galleries import HOSTILE, draw, open_plainly, train_pictures
from training.gallery import Gallery
from training.page.edits import (
    Edit,
    Edited,
    EditError,
    Mark,
    Name,
    PutBack,
    Split,
    TakeOut,
    apply,
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

    def test_nothing_new_changes_nothing(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"))
        assert make(gallery, labels, name("BOAT")) == Edited(labels, "Nothing to change")

    def test_what_was_done_is_said(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"))
        said = make(gallery, labels, name("ship", remove=("boat",))).said
        assert said == "Group 0 named “ship” and no longer “boat”"


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
        assert back.said == "Group 0 is a group again"


class TestTakingOut:
    def test_a_picture_that_others_resemble_is_still_recognized_by_them(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        edited = make(gallery, gallery.bundle.labels, TakeOut(op="take_out", picture=apple))
        assert edited.labels.edits.core == {gallery.samples[apple]: NOISE}
        assert "apple2.png taken out of group 1, but still near enough to answer group 1" in edited.said
        assert "apple2.png" not in edited.labels.exemplars[APPLES]
        assert len(edited.labels.exemplars[APPLES]) == 4

    def test_the_last_core_sample_takes_the_group_with_it(self, gallery: Gallery) -> None:
        boats = [picture for picture, name in enumerate(gallery.names) if name.startswith(("boat", "<"))]
        labels = after(gallery, *(TakeOut(op="take_out", picture=picture) for picture in boats[:-1]))
        edited = make(gallery, labels, TakeOut(op="take_out", picture=boats[-1]))
        assert pictures(gallery, edited.labels, BOATS) == []
        assert edited.said.endswith("taken out of group 0, and unclustered now")
        with pytest.raises(EditError, match="undo instead"):
            make(gallery, edited.labels, PutBack(op="put_back", picture=boats[0]))

    def test_putting_back_is_as_if_nothing_had_been(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        labels = after(gallery, TakeOut(op="take_out", picture=apple), PutBack(op="put_back", picture=apple))
        assert labels.edits == gallery.bundle.labels.edits
        assert set(labels.exemplars[APPLES]) == set(gallery.bundle.labels.exemplars[APPLES])

    def test_what_can_not_be_is_refused(self, gallery: Gallery) -> None:
        odd, apple = gallery.names.index("odd.png"), gallery.names.index("apple2.png")
        labels = after(gallery, TakeOut(op="take_out", picture=apple))
        for edit, reason in (
            (TakeOut(op="take_out", picture=odd), "in no group"),
            (TakeOut(op="take_out", picture=apple), "taken out already"),
            (TakeOut(op="take_out", picture=99), "no picture 99"),
            (TakeOut(op="take_out", picture=-1), "no picture -1"),
            (PutBack(op="put_back", picture=odd), "not taken out"),
        ):
            with pytest.raises(EditError, match=reason):
                make(gallery, labels, edit)

    def test_a_picture_that_is_no_core_sample_can_not_be_taken_out(self, tmp_path: Path) -> None:
        folder = train_pictures(tmp_path / "models")
        draw(1, 77).save(tmp_path / "pictures" / "zebra.png")
        wider = open_plainly(folder)
        with pytest.raises(EditError, match="no core sample: it is in group 1 only because it lies within"):
            after(wider, TakeOut(op="take_out", picture=wider.names.index("zebra.png")))


class TestSplitting:
    split = Split(op="split", group=CUPS, eps=0.05, min_samples=3)

    def test_parts_are_new_groups_with_the_names_of_the_old_one(self, gallery: Gallery) -> None:
        labels = after(gallery, name("cup", group=CUPS), self.split)
        assert pictures(gallery, labels, CUPS) == []
        assert {name[:3] for name in pictures(gallery, labels, 3)} == {"cup"}
        assert {name[:3] for name in pictures(gallery, labels, 4)} == {"mug"}
        assert labels.edits.eps == {3: 0.05, 4: 0.05}
        assert labels.labels == {3: ("cup",), 4: ("cup",)}
        assert set(labels.exemplars[3]) == set(pictures(gallery, labels, 3))
        assert CUPS not in labels.exemplars

    def test_a_part_is_a_group_like_any_other(self, gallery: Gallery) -> None:
        cup = gallery.names.index("cup1.png")
        labels = after(gallery, self.split, name("mug", group=4), TakeOut(op="take_out", picture=cup))
        assert labels.labels == {4: ("mug",)}
        back = make(gallery, labels, PutBack(op="put_back", picture=cup)).labels
        assert back.edits.core[gallery.samples[cup] or 0] == 3

    def test_the_saved_file_is_one_that_the_model_accepts(self, gallery: Gallery) -> None:
        labels = after(gallery, self.split)
        assert Labels.model_validate_json(labels.model_dump_json()) == labels
        assert gallery.model(labels).labels == labels

    def test_a_group_that_stays_together_is_refused(self, gallery: Gallery) -> None:
        with pytest.raises(EditError, match=r"group 1 does not come apart at eps 0\.05"):
            after(gallery, Split(op="split", group=APPLES, eps=0.05, min_samples=3))

    def test_what_is_no_group_is_not_split(self, gallery: Gallery) -> None:
        with pytest.raises(EditError, match="marked as no group"):
            after(gallery, Mark(op="mark", group=CUPS, not_group=True), self.split)


def test_a_group_that_is_gone_is_said_to_be(gallery: Gallery) -> None:
    with pytest.raises(EditError, match="group 7 is not there any more"):
        after(gallery, name("x", group=7))


def test_edits_are_told_apart_by_what_they_do() -> None:
    parsed: Edit = TypeAdapter[Edit](Edit).validate_json('{"op": "put_back", "picture": 3}')
    assert parsed == PutBack(op="put_back", picture=3)
