import os
import socket
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from shared.embedding.images import PictureError
from shared.pictures import folder as folder_module
from shared.pictures.folder import SORTED, FileSource, find_pictures, list_folder
from shared.pictures.listing import recall_pictures, remember_pictures
from shared.pictures.source import DatasetError
from tests.conftest import encode, noise_picture

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


def make(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
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


def test_other_files_are_left_out_with_the_reason(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "notes.txt", "d.jpg.part", "empty")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    listing = list_folder(tmp_path)
    assert [source.name for source in listing.pictures] == ["a.jpg"]
    unknown = "it is not a picture in any known format"
    assert listing.left_out == {
        "b.pdf": "it is a PDF document",
        "d.jpg.part": unknown,
        "empty": "it is empty",
        "notes.txt": unknown,
    }


@pytest.mark.parametrize("name", ["download", "photo.jpg_large", "panorama.mpo", "IMG_1.HEIC", "a.txt"])
def test_the_content_decides_whatever_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encode(noise_picture(1), "JPEG"))
    assert found(tmp_path) == [name]


def test_litter_is_passed_over_and_counted(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", ".b.jpg", ".thumbnails/c.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "x/Thumbs.db")
    make(tmp_path, "__MACOSX/a.jpg", "x/._a.jpg", "x/b.jpg")
    listing = list_folder(tmp_path)
    assert [source.name for source in listing.pictures] == ["a.jpg", "x/b.jpg"]
    assert (listing.left_out, listing.litter) == ({}, 6)


def test_what_assign_sorted_is_never_trained_on(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "sorted/open book/a.jpg", f"sorted/{SORTED}")
    listing = list_folder(tmp_path)
    assert [source.name for source in listing.pictures] == ["a.jpg"]
    assert listing.left_out == {"sorted/": "assign sorted pictures into this folder"}
    with pytest.raises(DatasetError, match="holds what assign sorted: name the folder of the pictures"):
        list_folder(tmp_path / "sorted")


@needs_pipes
@pytest.mark.parametrize("name", ["camera.jpg", "camera"])
def test_what_is_not_a_file_is_told_by_its_type_and_never_opened(tmp_path: Path, name: str) -> None:
    make(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / name)
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "socket.jpg"))
        listing = list_folder(tmp_path)
    assert [source.name for source in listing.pictures] == ["a.jpg"]
    assert listing.left_out == {
        name: "it is a named pipe, not a file",
        "endless.jpg": "it is a device, not a file",
        "socket.jpg": "it is a socket, not a file",
    }


@needs_pipes
def test_what_becomes_a_pipe_after_it_was_listed_is_an_error(tmp_path: Path) -> None:
    (source,) = find_pictures(make(tmp_path, "a.jpg"))
    source.path.unlink()
    os.mkfifo(source.path)
    with pytest.raises(PictureError, match="it is a named pipe, not a file"):
        source.content()


def test_a_file_that_never_ends_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = find_pictures(make(tmp_path, "a.jpg"))
    monkeypatch.setattr(folder_module, "LARGEST_FILE", 4)
    with pytest.raises(PictureError, match="more than 4 bytes"):
        source.content()
    with pytest.raises(DatasetError, match=r"no pictures, but 1 other file\na.jpg: it is larger than 4 bytes"):
        list_folder(tmp_path)


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
    listing = list_folder(tmp_path / "in")
    (linked,) = listing.pictures
    assert linked.content() == b"outside/one.jpg"
    assert listing.left_out == {
        "dangling.jpg": "it can't be opened (No such file or directory)",
        "folder.jpg": "it is a link to a folder, which is not followed",
    }


@pytest.mark.parametrize("name", ["a [1].jpg", "two\nlines.jpg", "carriage\rreturn.jpg", " =1+1.jpg", "été 日本.jpg"])
def test_odd_names_are_kept(tmp_path: Path, name: str) -> None:
    (source,) = find_pictures(make(tmp_path, name))
    assert source.name == name
    assert source.content() == name.encode()


def test_a_name_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"b'caf\\xe9\.jpg' in .* is not named in UTF-8: rename it"):
        find_pictures(tmp_path)


def test_a_folder_without_pictures_says_what_it_holds_instead(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no pictures, but 1 other file\nnotes.txt: it is not a picture"):
        find_pictures(make(tmp_path, "notes.txt"))
    with pytest.raises(DatasetError, match=r"holds no pictures \(subfolders included\)"):
        find_pictures(make(tmp_path / "empty"))


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


def test_names_are_in_the_form_that_people_type(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "é.jpg")
    (source,) = find_pictures(make(tmp_path, decomposed))
    assert source.name == "é.jpg"
    assert source.content() == decomposed.encode()


def test_of_two_names_that_people_type_alike_one_is_read(tmp_path: Path) -> None:
    listing = list_folder(make(tmp_path, "é.jpg", unicodedata.normalize("NFD", "é.jpg")))
    assert [source.name for source in listing.pictures] == list(listing.left_out) == ["é.jpg"]
