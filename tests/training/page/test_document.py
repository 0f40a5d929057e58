"""The document: each change is on the disk before it is answered, can be undone, and never undoes somebody else's."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.model.bundle import LABELS, BundleError, Labels, read_bundle, write_labels
from shared.pictures.folder import find_pictures
from tests.training.galleries import EPS, open_plainly, train_pictures
from training.embedding.embeddings import embed_pictures
from training.model.build import build_model
from training.model.options import Options
from training.page.document import Document, OutdatedError
from training.page.edited import EditError
from training.page.edits import Mark, Name, Split

CUPS = 2
SPLIT = Split(op="split", group=CUPS, parts=2)


def name(*add: str, group: int = 0) -> Name:
    return Name(op="name", group=group, add=add)


def saved(document: Document) -> Labels:
    return read_bundle(document.gallery.folder).labels


@pytest.fixture
def told() -> list[str]:
    """The versions that whoever writes the report was told of."""
    return []


@pytest.fixture
def document(tmp_path: Path, told: list[str]) -> Document:
    gallery = open_plainly(train_pictures(tmp_path / "models"))
    return Document(gallery, lambda labels, version, grouping: told.append(version))


def test_a_change_is_saved_before_it_is_answered(document: Document, told: list[str]) -> None:
    before = document.snapshot()
    outcome = document.change(name("boat"), before.digest)
    assert saved(document) == outcome.now.labels
    assert saved(document).labels == {0: ("boat",)}
    assert outcome.now.digest != before.digest
    assert not outcome.concurrent_change
    assert told[-1] == read_bundle(document.gallery.folder).version


def test_changes_are_undone_and_done_again_one_by_one(document: Document) -> None:
    first = document.change(name("boat"), document.snapshot().digest).now
    second = document.change(SPLIT, first.digest).now
    undone = document.undo(second.digest)
    assert undone.message == "Undone: Group 2 split into 2"
    assert saved(document) == first.labels
    assert (undone.now.undo, undone.now.redo) == ("Group 0 named “boat”", "Group 2 split into 2")
    again = document.redo(undone.now.digest)
    assert again.message == "Done again: Group 2 split into 2"
    assert saved(document) == second.labels
    assert [group.cluster for group in again.now.shown.groups] == [0, 1, 3, 4]


def test_a_new_change_ends_what_could_be_done_again(document: Document) -> None:
    named = document.change(name("boat"), "").now
    undone = document.undo(named.digest).now
    changed = document.change(name("ship"), undone.digest).now
    assert changed.redo is None
    with pytest.raises(EditError, match="nothing to redo"):
        document.redo(changed.digest)


def test_there_may_be_nothing_to_undo(document: Document) -> None:
    with pytest.raises(EditError, match="nothing to undo"):
        document.undo(document.snapshot().digest)


def test_what_changes_nothing_leaves_no_trace(document: Document) -> None:
    named = document.change(name("boat"), "").now
    again = document.change(name("boat"), named.digest).now
    assert again == named


def test_history_does_not_grow_without_end(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.page.history._MOST_STEPS", 3)
    for number in range(5):
        document.change(name(f"name {number}"), "")
    for _ in range(3):
        document.undo(document.snapshot().digest)
    assert saved(document).labels == {0: ("name 0", "name 1")}
    assert document.snapshot().undo is None


class TestTwoTabs:
    def test_names_of_both_are_kept_and_both_are_told(self, document: Document) -> None:
        seen = document.snapshot().digest
        assert not document.change(name("boat"), seen).concurrent_change
        assert document.change(name("ship"), seen).concurrent_change
        assert saved(document).labels == {0: ("boat", "ship")}

    def test_a_split_looked_at_before_is_to_be_looked_at_again(self, document: Document) -> None:
        seen = document.snapshot().digest
        document.change(name("boat"), seen)
        with pytest.raises(OutdatedError, match="look at it again"):
            document.change(SPLIT, seen)
        assert saved(document).edits.eps == {}

    def test_nobody_undoes_what_he_has_not_seen(self, document: Document) -> None:
        mine = document.change(name("boat"), "").now.digest
        theirs = document.change(name("apple", group=1), mine).now.digest
        with pytest.raises(OutdatedError):
            document.undo(mine)
        assert document.undo(theirs).message == "Undone: Group 1 named “apple”"

    def test_what_another_tab_split_is_not_there_any_more(self, document: Document) -> None:
        document.change(SPLIT, document.snapshot().digest)
        with pytest.raises(EditError, match="group 2 is not there any more"):
            document.change(name("cup", group=CUPS), "")
        with pytest.raises(EditError, match="group 2 is not there any more"):
            document.group(CUPS)

    def test_many_changes_at_once_all_arrive(self, document: Document) -> None:
        def work(number: int) -> None:
            for step in range(5):
                document.change(name(f"name {number} {step}"), "")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(saved(document).labels[0]) == 20


class TestOtherPrograms:
    @pytest.fixture
    def write(self, document: Document) -> Callable[[Labels], None]:
        return lambda labels: write_labels(document.gallery.folder, labels)

    def test_what_they_wrote_is_taken_over_and_kept(self, document: Document, write: Callable[[Labels], None]) -> None:
        seen = document.change(name("boat"), "").now
        write(seen.labels.model_copy(update={"labels": {0: ("boat",), 1: ("apple",)}, "not_groups": (CUPS,)}))
        outcome = document.change(name("ship"), seen.digest)
        assert outcome.concurrent_change
        assert saved(document).labels == {0: ("boat", "ship"), 1: ("apple",)}
        assert CUPS not in outcome.now.answered.clusters

    def test_it_is_not_undone_here(self, document: Document, write: Callable[[Labels], None]) -> None:
        document.change(name("boat"), "")
        write(Labels(labels={0: ("ferry",)}))
        found = document.snapshot()
        assert found.undo is None
        assert found.labels.labels == {0: ("ferry",)}

    def test_nonsense_is_refused_and_left_alone(self, document: Document) -> None:
        path = document.gallery.folder / LABELS
        path.write_text("nonsense", encoding="utf-8")
        with pytest.raises(BundleError, match="not a label file"):
            document.change(name("boat"), "")
        assert path.read_text(encoding="utf-8") == "nonsense"

    def test_after_another_training_nothing_is_written(self, document: Document) -> None:
        folder = document.gallery.folder
        pictures = find_pictures(folder.parents[1] / "pictures")
        build_model(embed_pictures(pictures, document.gallery.embedder, None), Options("shapes", eps=EPS / 3), folder)
        before = (folder / LABELS).read_bytes()
        with pytest.raises(OutdatedError, match="trained again"):
            document.change(Mark(op="mark", group=0, not_group=True), "")
        assert (folder / LABELS).read_bytes() == before


def test_marking_is_shown_and_answered_at_once(document: Document) -> None:
    found = document.change(Mark(op="mark", group=0, not_group=True), "").now
    assert 0 in found.shown.clusters
    assert 0 not in found.answered.clusters
    assert document.group(0)[1].cluster == 0
