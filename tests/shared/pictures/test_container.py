"""Pictures in a container, read from a real Azurite."""

from __future__ import annotations

import pickle
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shared.embedding.images import PictureError
from shared.model.model import Assignment
from shared.pictures import container as blob_source
from shared.pictures.folder import find_pictures
from shared.pictures.listing import list_pictures, pictures_at, recall_pictures, remember_pictures
from shared.pictures.source import DatasetError
from shared.stores.base import StoreError
from tests.bundles import SPEC
from tests.conftest import encode, encoded_pictures, noise_picture
from tests.stores import Container, shared_azurite
from tests.training.plain_embedder import Counted, plain_embedder
from training.assignment.assign import AssignError, Row
from training.assignment.sorting import sort_into_folders
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import Embedded, embed_pictures


def names(url: str) -> list[str]:
    return [source.name for source in pictures_at(url)]


def test_pictures_are_found_as_in_a_folder(container: Container) -> None:
    wanted = ["B.JPG", "a.tiff", "a/deeper/still/y.webp", "a/z.png", "b.jpg", "two words, été.JpEg"]
    others = [".b.jpg", ".thumbnails/c.jpg", "notes.txt", "jpg", "d.jpg.part"]
    container.put(dict.fromkeys(reversed(wanted + others), b""))
    assert names(container.url) == names(f"{container.url}/") == wanted


def test_the_content_decides_where_the_name_does_not(container: Container) -> None:
    container.put(
        {"download": encode(noise_picture(1)), "b.pdf": b"%PDF-1.7", "@eaDir/a.jpg": b"", "a.jpg": b"content"}
    )
    listing = list_pictures(container.url)
    assert [source.name for source in listing.pictures] == ["a.jpg", "download"]
    assert (listing.left_out, listing.litter) == ({"b.pdf": "it is a PDF document"}, 1)


def test_a_folder_in_a_container_names_its_pictures_from_there(container: Container) -> None:
    container.put(dict.fromkeys(("may 1/a.jpg", "may 1/b/c.jpg", "may 12/d.jpg", "e.jpg", "may 1.jpg"), b"content"))
    assert names(f"{container.url}/may%201") == names(f"{container.url}/may 1/") == ["a.jpg", "b/c.jpg"]
    assert [source.content() for source in pictures_at(f"{container.url}/may 1")] == [b"content"] * 2


def test_an_empty_container_says_what_it_holds_instead(container: Container) -> None:
    container.put({"notes.txt": b""})
    with pytest.raises(DatasetError, match=r"holds no pictures, but 1 other file\nnotes.txt: it is empty"):
        pictures_at(container.url)


@pytest.mark.parametrize("name", ["a//b.jpg", "/etc/b.jpg"])
def test_a_name_that_is_not_a_path_is_refused(container: Container, name: str) -> None:
    container.put({name: b""})
    with pytest.raises(DatasetError, match=f"'{name}' in .* has an empty folder's name in its path: rename it"):
        pictures_at(container.url)


def test_a_container_that_cannot_be_listed_is_named(container: Container) -> None:
    with pytest.raises(StoreError, match=f"the container {container.url}-not does not exist"):
        pictures_at(f"{container.url}-not")
    with pytest.raises(StoreError, match=r"belongs to .* not to https://account"):
        pictures_at("https://account.blob.core.windows.net/photos")
    with pytest.raises(StoreError, match="keep credentials out of the URL"):
        pictures_at(f"{container.url}?sig=secret")


def test_a_source_travels_without_credentials(container: Container) -> None:
    container.put({"a.jpg": b"content"})
    packed = pickle.dumps(container.source("a.jpg"))
    assert b"AccountKey" not in packed
    assert shared_azurite().key
    assert str(shared_azurite().key).encode() not in packed
    again = pickle.loads(packed)  # noqa: S301 - packed two lines above
    assert again == container.source("a.jpg")
    assert again.content() == b"content"


def test_the_fingerprint_follows_the_content_and_not_the_metadata(container: Container) -> None:
    container.put({"a.jpg": b"content", "b.jpg": b"content"})
    first = container.source("a.jpg").fingerprint()
    container.client.get_blob_client("a.jpg").set_blob_metadata({"seen": "yes"})
    assert container.source("a.jpg").fingerprint() == first
    assert container.source("b.jpg").fingerprint() != first
    container.put({"a.jpg": b"another"})
    assert container.source("a.jpg").fingerprint() != first


def test_a_picture_deleted_or_archived_since_listing_is_reported(container: Container) -> None:
    container.put({"a.jpg": b"content", "b.jpg": b"content"})
    deleted, archived = pictures_at(container.url)
    container.client.delete_blob("a.jpg")
    container.client.get_blob_client("b.jpg").set_standard_blob_tier("Archive")
    with pytest.raises(PictureError, match="it was deleted meanwhile"):
        deleted.content()
    with pytest.raises(PictureError, match="it is archived: move it"):
        archived.content()


def test_a_container_that_fails_ends_the_run(container: Container) -> None:
    container.put(encoded_pictures(1))
    sources = pictures_at(container.url)
    container.client.delete_container()
    with pytest.raises(StoreError, match="does not exist"):
        embed_pictures(sources, plain_embedder(), None)


def test_a_bundle_remembers_its_container(tmp_path: Path, container: Container) -> None:
    remember_pictures(tmp_path, container.url)
    assert recall_pictures(tmp_path) == container.url


def test_pictures_are_sorted_into_folders_by_copies(container: Container, tmp_path: Path) -> None:
    container.put({"sub/a.jpg": b"content"})
    sources = pictures_at(container.url)
    rows = [Row("sub/a.jpg", Assignment(0, 0.0, 1.0, ("open book",), (), 0.0), "v1")]
    with pytest.raises(AssignError, match="can't be linked to: use --placing copy"):
        sort_into_folders(rows, sources, tmp_path, "link")
    assert sort_into_folders(rows, sources, tmp_path, "copy").resumed == 0
    assert (tmp_path / "open book" / "sub" / "a.jpg").read_bytes() == b"content"
    assert sort_into_folders(rows, sources, tmp_path, "copy").resumed == 1
    container.put({"sub/a.jpg": b"another content"})
    with pytest.raises(AssignError, match="is another file"):
        sort_into_folders(rows, pictures_at(container.url), tmp_path, "copy")


def test_embeddings_are_those_of_the_same_files(container: Container, tmp_path: Path) -> None:
    container.put(encoded_pictures())
    for name, content in encoded_pictures().items():
        (tmp_path / name).write_bytes(content)
    blobs, files = (
        embed_pictures(sources, plain_embedder(), None)
        for sources in (pictures_at(container.url), find_pictures(tmp_path))
    )
    assert blobs.names == files.names
    assert np.array_equal(blobs.vectors, files.vectors)


def test_what_did_not_change_is_not_downloaded_again(
    container: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.put(encoded_pictures() | {"broken.jpg": b"no picture"})
    read: list[str] = []
    content = blob_source.BlobSource.content

    def noted(source: blob_source.BlobSource) -> bytes:
        read.append(source.name)
        return content(source)

    monkeypatch.setattr(blob_source.BlobSource, "content", noted)
    counted = Counted()

    def run() -> Embedded:
        with closing(EmbeddingCache(SPEC, tmp_path / "cache.sqlite")) as cache:
            return embed_pictures(pictures_at(container.url), plain_embedder(counted), cache)

    first = run()
    assert first.skipped == {"broken.jpg": "it is not a picture in any known format"}
    assert (len(read), counted.pictures) == (6, 5)
    read.clear()
    second = run()
    assert (read, counted.pictures) == (["broken.jpg"], 5)
    assert np.array_equal(second.vectors, first.vectors)
    container.put({"3.png": encode(noise_picture(33)), "6.png": encoded_pictures()["2.png"]})
    run()
    assert (sorted(read[1:]), counted.pictures) == (["3.png", "6.png", "broken.jpg"], 6)
