"""Groups merged, told apart and split."""

import pytest

from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from tests.training.page.editing import APPLES, BOATS, CUPS, after, back, make, name, out, pictures
from training.gallery.gallery import Gallery
from training.page.edited import EditError
from training.page.edits import Apart, Mark, Merge, Move, Split


class TestMerging:
    def test_makes_one_group_with_the_names_that_a_person_chose(self, gallery: Gallery) -> None:
        labels = after(gallery, name("boat"), name("apple", group=APPLES))
        edited = make(gallery, labels, Merge(op="merge", groups=(BOATS, APPLES), names=("apple",)))
        assert edited.message == "“boat” and “apple” merged as “apple”"
        (merged,) = edited.labels.labels
        assert len(pictures(gallery, edited.labels, merged)) == 9
        assert len(gallery.grouping(edited.labels).groups) == 2

    def test_what_was_moved_from_one_to_the_other_is_not_excluded_from_both(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        moved = Move(op="move", pictures=(apple,), group=BOATS)
        labels = after(gallery, out(apple), moved, Merge(op="merge", groups=(BOATS, APPLES), names=()))
        assert labels.edits.excluded == labels.edits.held == ()
        assert len(gallery.grouping(labels).groups[0].pictures) == 9

    def test_what_was_removed_stays_out(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        labels = after(gallery, out(apple), Merge(op="merge", groups=(BOATS, APPLES), names=()))
        assert gallery.grouping(labels).clusters[apple] == NOISE

    def test_groups_that_are_not_the_same_are_remembered(self, gallery: Gallery) -> None:
        labels = after(gallery, Apart(op="apart", groups=(APPLES, BOATS)))
        assert (labels.edits.apart, labels.edits.decided) == (((BOATS, APPLES),), (BOATS, APPLES))

    def test_what_is_not_the_same_as_one_is_not_the_same_as_what_that_becomes(self, gallery: Gallery) -> None:
        for one in (BOATS, APPLES):
            apart = Apart(op="apart", groups=(one, CUPS))
            labels = after(gallery, apart, Merge(op="merge", groups=(BOATS, APPLES), names=()))
            (left,) = {group.cluster for group in gallery.grouping(labels).groups} - {CUPS}
            assert labels.edits.apart == ((left, CUPS),)
        assert after(gallery, apart, Merge(op="merge", groups=(APPLES, CUPS), names=())).edits.apart == ()

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

    def test_no_part_is_the_same_as_another_or_as_what_the_whole_was_not(self, gallery: Gallery) -> None:
        labels = after(gallery, Apart(op="apart", groups=(APPLES, CUPS)), self.split)
        assert labels.edits.apart == ((APPLES, 3), (APPLES, 4), (3, 4))

    def test_the_saved_file_is_one_that_the_model_accepts(self, gallery: Gallery) -> None:
        labels = after(gallery, self.split)
        assert Labels.model_validate_json(labels.model_dump_json()) == labels
        assert gallery.model(labels).labels == labels

    def test_what_is_no_group_is_not_split(self, gallery: Gallery) -> None:
        with pytest.raises(EditError, match="marked as not a group"):
            after(gallery, Mark(op="mark", group=CUPS, not_group=True), self.split)
