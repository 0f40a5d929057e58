import os
from pathlib import Path

import pytest

from shared.embedding.images import PictureError
from shared.pictures.folder import FileSource, find_pictures
from shared.pictures.listing import recall_pictures, remember_pictures
from shared.pictures.source import DatasetError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def found(folder: Path) -> list[str]:
    return [source.name for source in find_pictures(folder)]


def test_pictures_are_found_recursively_and_come_sorted_by_name(tmp_path: Path) -> None:
    make(tmp_path, "b.jpg", "a/z.png", "a/deeper/still/y.webp", "B.JPG", "c.JpEg", "a.tiff")
    assert found(tmp_path) == ["B.JPG", "a.tiff", "a/deeper/still/y.webp", "a/z.png", "b.jpg", "c.JpEg"]


def test_the_order_of_creation_does_not_matter(tmp_path: Path) -> None:
    names = [f"{number:02}.png" for number in range(30)]
    forwards, backwards = make(tmp_path / "f", *names), make(tmp_path / "b", *reversed(names))
    assert found(forwards) == found(backwards) == names


def test_hidden_files_and_folders_and_other_files_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", ".b.jpg", ".thumbnails/c.jpg", "notes.txt", "jpg", "labels.json", "d.jpg.part")
    assert found(tmp_path) == ["a.jpg"]


def test_a_hidden_folder_may_be_asked_for(tmp_path: Path) -> None:
    assert found(make(tmp_path / ".pictures", "a.jpg")) == ["a.jpg"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    make(tmp_path, "a/one.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert found(tmp_path) == ["a/one.jpg"]


def test_a_linked_picture_counts_and_a_dangling_one_says_why_it_does_not(tmp_path: Path) -> None:
    make(tmp_path, "outside/one.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linked.jpg").symlink_to(tmp_path / "outside" / "one.jpg")
    (tmp_path / "in" / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "in" / "folder.jpg").symlink_to(tmp_path / "outside")
    dangling, folder, linked = find_pictures(tmp_path / "in")
    assert linked.content() == b"outside/one.jpg"
    assert dangling.fingerprint() is None
    with pytest.raises(PictureError, match=r"can't be opened \(No such file"):
        dangling.content()
    with pytest.raises(PictureError, match=r"can't be opened \(Is a directory"):
        folder.content()


@pytest.mark.parametrize("name", ["a [1].jpg", "two\nlines.jpg", "carriage\rreturn.jpg", " =1+1.jpg", "été 日本.jpg"])
def test_odd_names_are_kept(tmp_path: Path, name: str) -> None:
    (source,) = find_pictures(make(tmp_path, name))
    assert source.name == name
    assert source.content() == name.encode()


def test_a_name_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"b'caf\\xe9\.jpg' in .* is not named in UTF-8: rename it"):
        find_pictures(tmp_path)


def test_a_folder_without_pictures_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no pictures \(looked for .*\.jpg.*\.webp, in subfolders too\)"):
        find_pictures(make(tmp_path, "notes.txt"))


def test_what_is_not_a_folder_is_named(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    for path in (tmp_path / "a.jpg", tmp_path / "missing"):
        with pytest.raises(DatasetError, match=f"{path} is not a folder"):
            find_pictures(path)


def test_an_unreadable_subfolder_is_an_error(tmp_path: Path) -> None:
    # No permission would stop root; a path longer than the system takes stops everybody.
    make(tmp_path, "a.jpg")
    home = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(20):
            Path("d" * 250).mkdir()
            os.chdir("d" * 250)
    finally:
        os.chdir(home)
    with pytest.raises(OSError, match="File name too long"):
        find_pictures(tmp_path)


def test_the_fingerprint_follows_what_a_change_would_change(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    source = FileSource("a.jpg", tmp_path / "a.jpg")
    first = source.fingerprint()
    assert source.fingerprint() == first
    os.utime(source.path, ns=(0, 1))
    touched = source.fingerprint()
    source.path.write_bytes(b"longer than before")
    os.utime(source.path, ns=(0, 1))
    assert len({first, touched, source.fingerprint()}) == 3


def test_files_of_the_same_name_elsewhere_have_another_fingerprint(tmp_path: Path) -> None:
    make(tmp_path, "one/a.jpg", "two/a.jpg")
    for folder in ("one", "two"):
        os.utime(tmp_path / folder / "a.jpg", ns=(0, 1))
    one, two = (FileSource("a.jpg", tmp_path / folder / "a.jpg") for folder in ("one", "two"))
    assert one.fingerprint() != two.fingerprint()


@pytest.mark.parametrize("name", ["pictures", "two words", "été", os.fsdecode(b"caf\xe9"), "line\nend\n"])
def test_a_bundle_remembers_its_pictures_also_when_both_are_moved(tmp_path: Path, name: str) -> None:
    pictures, bundle = tmp_path / "here" / name, tmp_path / "here" / "models" / "books"
    pictures.mkdir(parents=True)
    bundle.mkdir(parents=True)
    remember_pictures(bundle, pictures)
    assert recall_pictures(bundle) == str(pictures)
    (tmp_path / "here").rename(tmp_path / "there")
    assert recall_pictures(tmp_path / "there" / "models" / "books") == str(tmp_path / "there" / name)


def test_without_a_note_or_its_folder_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="does not say where its pictures are: name their folder with --pictures"):
        recall_pictures(tmp_path)
    remember_pictures(tmp_path, tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"were in .*gone, which is not there: .*--pictures"):
        recall_pictures(tmp_path)
