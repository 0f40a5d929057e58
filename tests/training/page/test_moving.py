"""Pictures removed, moved and set aside, and what the model answers then."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.documents import to_json
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from tests.training.galleries import draw, open_plainly, train_pictures
from tests.training.page.editing import APPLES, BOATS, after, back, make, name, out, pictures
from training.gallery.gallery import Gallery
from training.page.edited import EditError
from training.page.edits import Belong, Mark, Move, PutBackMissing, Unsure, embedding_digest


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
        assert edited.message == "apple2 again 0.png and 4 copies removed from group 1"
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

    def test_and_back_leaves_behind_that_a_person_put_it_there(self, gallery: Gallery) -> None:
        apple = gallery.names.index("apple2.png")
        there = Move(op="move", pictures=(apple,), group=BOATS)
        labels = after(gallery, there, Move(op="move", pictures=(apple,), group=APPLES))
        rest = labels.edits.model_copy(update={"decided": (), "by_hand": ()})
        assert rest == gallery.bundle.labels.edits
        assert labels.edits.by_hand == (gallery.samples[apple],)

    def test_a_picture_that_would_follow_the_moved_ones_anyway_is_put_there_by_hand_too(self, tmp_path: Path) -> None:
        folder = train_pictures(tmp_path / "models")
        draw(1, 77).save(tmp_path / "pictures" / "zebra.png")
        wider = open_plainly(folder)
        alike = tuple(picture for picture, name in enumerate(wider.names) if name.startswith(("apple", "zebra")))
        labels = after(wider, Move(op="move", pictures=alike, name="fruit"))
        assert wider.placer.by_hand(labels) == {*alike}
        assert [(entry.picture, entry.by_hand) for entry in labels.edits.placed] == [("zebra.png", True)]

    def test_what_was_written_before_it_was_noted_is_read_and_not_by_hand(self, gallery: Gallery) -> None:
        odd = gallery.names.index("odd.png")
        labels = after(gallery, Move(op="move", pictures=(odd, gallery.names.index("apple2.png")), name="odd"))
        older = json.loads(to_json(labels))
        assert older["edits"].pop("by_hand")
        assert older["edits"]["placed"][0].pop("by_hand")
        assert gallery.placer.by_hand(Labels.model_validate(older)) == frozenset()
        assert b"by_hand" not in to_json(after(gallery, name("boat"), out(0)))

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
