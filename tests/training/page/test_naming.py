"""What groups are called, and what is not a group."""

import pytest

from tests.training.galleries import HOSTILE
from tests.training.page.editing import APPLES, BOATS, CUPS, after, make, name, pictures
from training.gallery.gallery import Gallery
from training.page.edited import Edited, EditError
from training.page.edits import Mark, shown_grouping


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
