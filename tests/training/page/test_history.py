"""What was done can be undone by the next server, too, unless something else has changed the labels since."""

from pathlib import Path

import pytest

from shared.model.bundle import Labels, read_bundle, write_labels
from shared.pictures.folder import find_pictures
from tests.training.galleries import EPS, open_plainly, train_pictures
from training.embedding.embeddings import embed_pictures
from training.model.build import build_model
from training.model.options import Options
from training.page.document import Document
from training.page.edits import Name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return train_pictures(tmp_path / "models")


def opened(folder: Path) -> Document:
    return Document(open_plainly(folder), lambda labels, version, grouping: None)


def name(document: Document, *names: str) -> None:
    for each in names:
        document.change(Name(op="name", group=0, add=(each,)), "")


def undo(document: Document) -> str:
    return document.undo(document.snapshot().digest).message


def names(folder: Path) -> tuple[str, ...]:
    return read_bundle(folder).labels.labels.get(0, ())


def test_the_next_server_undoes_and_does_again(folder: Path) -> None:
    name(opened(folder), "boat", "ship")
    second = opened(folder)
    assert [undo(second), undo(second)] == ["Undone: Group 0 named “ship”", "Undone: Group 0 named “boat”"]
    third = opened(folder)
    assert (third.snapshot().undo, third.snapshot().redo) == (None, "Group 0 named “boat”")
    third.redo(third.snapshot().digest)
    assert names(folder) == ("boat",)


def test_a_change_after_an_undo_ends_what_could_be_done_again(folder: Path) -> None:
    first = opened(folder)
    name(first, "boat", "ship")
    undo(first)
    name(first, "ferry")
    second = opened(folder)
    assert second.snapshot().redo is None
    assert [undo(second), undo(second)] == ["Undone: Group 0 named “ferry”", "Undone: Group 0 named “boat”"]
    assert names(folder) == ()


def test_what_another_program_wrote_meanwhile_is_not_undone(folder: Path) -> None:
    name(opened(folder), "boat")
    write_labels(folder, Labels(labels={0: ("ferry",)}))
    found = opened(folder).snapshot()
    assert (found.undo, found.redo) == (None, None)
    assert list((folder / ".undo").iterdir()) == []


def test_a_step_that_was_noted_but_not_made_can_be_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise OSError(28, "No space left on device")

    first = opened(folder)
    name(first, "boat")
    monkeypatch.setattr("training.page.document.write_labels", fail)
    with pytest.raises(OSError, match="No space"):
        name(first, "ship")
    found = opened(folder).snapshot()
    assert (found.undo, found.redo) == ("Group 0 named “boat”", "Group 0 named “ship”")
    assert names(folder) == ("boat",)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x1f\x8b\x08\x00"])
def test_steps_that_can_not_be_read_end_the_stack(folder: Path, damage: bytes) -> None:
    name(opened(folder), "boat", "ship", "ferry")
    (folder / ".undo" / "00000002.json.gz").write_bytes(damage)
    second = opened(folder)
    assert undo(second) == "Undone: Group 0 named “ferry”"
    assert second.snapshot().undo is None
    assert names(folder) == ("boat", "ship")


def test_after_another_training_the_stack_begins_anew(folder: Path) -> None:
    first = opened(folder)
    name(first, "boat", "ship")
    pictures = find_pictures(folder.parents[1] / "pictures")
    build_model(embed_pictures(pictures, first.gallery.embedder, None), Options("shapes", eps=EPS / 3), folder)
    second = opened(folder)
    assert (second.snapshot().undo, second.snapshot().redo) == (None, None)
    name(second, "ferry")
    assert undo(opened(folder)) == "Undone: Group 0 named “ferry”"
