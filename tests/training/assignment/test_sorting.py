import ntpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.model import Assignment
from shared.pictures.folder import SORTED, FileSource, find_pictures
from training.assignment.assign import AssignError, Row
from training.assignment.sorting import folder_name, sort_into_folders

ROWS = [
    Row("a.jpg", Assignment(0, 0.0, 1.0, ("open book", "double spread"), (), 0.0), "v1"),
    Row("sub/a.jpg", Assignment(1, 0.0, 1.0, (), (), 0.0), "v1"),
    Row("c.jpg", Assignment(-1, 0.9, 0.0, (), (), 0.0), "v1"),
    Row("broken.jpg", None, "v1", "it is empty"),
]
PLACES = {"open book/a.jpg", "double spread/a.jpg", "_group 1/sub/a.jpg", "_unclustered/c.jpg"}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/a.jpg", "c.jpg", "broken.jpg"):
        (folder / name).write_text(name)
    return folder


def files(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    assert SORTED in found
    return found - {SORTED}


@pytest.mark.parametrize("placing", ["link", "copy"])
def test_a_folder_for_each_label(tmp_path: Path, pictures: Path, placing: str) -> None:
    output = tmp_path / "labels"
    tally = sort_into_folders(ROWS, find_pictures(pictures), output, placing)  # pyright: ignore[reportArgumentType]
    assert files(output) == PLACES
    assert (output / "_group 1/sub/a.jpg").read_text() == "sub/a.jpg"
    assert (output / "_group 1/sub/a.jpg").is_symlink() == (placing == "link")
    assert (tally.labelled, tally.unclustered, tally.failed, tally.resumed) == (2, 1, 1, 0)
    again = sort_into_folders(ROWS, find_pictures(pictures), output, placing)  # pyright: ignore[reportArgumentType]
    assert again.resumed == 3


def test_another_file_in_the_way_is_kept_unless_forced(tmp_path: Path, pictures: Path) -> None:
    output = tmp_path / "labels"
    (output / "open book").mkdir(parents=True)
    (output / "open book" / "a.jpg").write_text("precious")
    with pytest.raises(AssignError, match="is there already and is another file"):
        sort_into_folders(ROWS, find_pictures(pictures), output, "link")
    assert (output / "open book" / "a.jpg").read_text() == "precious"
    sort_into_folders(ROWS, find_pictures(pictures), output, "link", force=True)
    assert (output / "open book" / "a.jpg").read_text() == "a.jpg"


LABELS = st.text() | st.sampled_from(
    ["..", "../x", "/etc/passwd", "CON", "nul.txt", "com1", "a\nb", "\u202egpj.exe", "\ud800"]
)


@given(LABELS)
def test_a_label_never_leads_out_of_its_folder(label: str) -> None:
    name = folder_name(label)
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name.isprintable()
    assert not ntpath.isreserved(name)


def test_hostile_labels_become_folders_beside_one_another(tmp_path: Path, pictures: Path) -> None:
    labels = ("../x", "..", "/etc", "CON", "a\n\u202eb", "=cmd|'/C calc'!A0", "<img src=x onerror=alert(1)>")
    output = tmp_path / "labels"
    sort_into_folders(
        [Row("a.jpg", Assignment(0, 0.0, 1.0, labels, (), 0.0), "v1")], find_pictures(pictures), output, "copy"
    )
    assert files(output) == {
        "_x/a.jpg",
        "_/a.jpg",
        "_etc/a.jpg",
        "_CON/a.jpg",
        "a__b/a.jpg",
        "=cmd_'_C calc'!A0/a.jpg",
        "_img src=x onerror=alert(1)_/a.jpg",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels", "pictures"]


@pytest.mark.parametrize("name", ["../../owned.jpg", "/tmp/owned.jpg", "sub/../../../owned.jpg"])  # noqa: S108
def test_a_picture_whose_name_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """As a container may hold it; in a folder no picture can have such a name."""
    picture = FileSource(name, tmp_path / "picture.jpg")
    picture.path.write_bytes(b"picture")
    row = Row(name, Assignment(0, 0.0, 1.0, ("open book",), (), 0.0), "v1")
    with pytest.raises(AssignError, match="leads out of its folder"):
        sort_into_folders([row], [picture], tmp_path / "some" / "labels", "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.jpg"]


def test_long_names_are_cut_and_stay_apart(tmp_path: Path) -> None:
    names = tuple(f"{'見' * 100}{end}" for end in "ab")
    picture = FileSource(f"sub/{'x' * 300}.jpg", tmp_path / "picture.jpg")
    picture.path.write_bytes(b"picture")
    row = Row(picture.name, Assignment(0, 0.0, 1.0, names, (), 0.0), "v1")
    assert sort_into_folders([row], [picture], tmp_path / "labels", "copy").labelled == 1
    placed = files(tmp_path / "labels")
    assert len({place.split("/")[0] for place in placed}) == len(placed) == 2
    assert all(place.endswith(".jpg") for place in placed)
    assert all(len(part.encode()) <= 255 for place in placed for part in place.split("/"))
