"""The container: what is sent, what is skipped, what is marked and what is deleted for good."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.pictures import (
    LongNameError,
    UnknownPictureError,
    blob_name,
    is_marked,
    mark_deleted,
    purge,
    touch,
    upload,
)
from shared.pictures.source import DatasetError
from tests.local.search.deployments import draw, settings


@pytest.fixture
def container() -> Generator[Clients]:
    with Clients(settings("http://127.0.0.1/")) as clients:
        yield clients


def test_uploads_a_picture_once(container: Clients, pictures: Path) -> None:
    (pictures / "notes.txt").write_text("no picture")
    draw(pictures / "a folder" / "ö #1.png", "open_book")
    steps: list[int] = []
    assert upload(container.images, pictures, steps.append).sent == 10
    assert steps == [1] * 10
    again = upload(container.images, pictures)
    assert (again.sent, again.unchanged) == (0, 10)
    draw(pictures / "open_book_0.jpg", "book_shelf")
    assert upload(container.images, pictures).sent == 1
    names = {blob.name: blob for blob in container.images.list_blobs()}
    assert "a folder/ö #1.png" in names
    assert names["open_book_0.jpg"].content_settings.content_type == "image/jpeg"


def test_refuses_a_folder_without_pictures(container: Clients, tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        upload(container.images, tmp_path / "nowhere")


def test_names_too_long_for_a_key_are_refused_before_anything_is_sent(container: Clients, pictures: Path) -> None:
    # Each is six characters of the URL, so that Base64 makes more than 960 of it.
    draw(pictures / ("ö" * 60) / ("ö" * 60) / "long.png", "open_book")
    with pytest.raises(LongNameError, match=r"long\.png: the search service can't index"):
        upload(container.images, pictures)
    assert not container.images.exists()


def test_marking_keeps_other_metadata_and_uploading_again_unmarks(container: Clients, pictures: Path) -> None:
    upload(container.images, pictures)
    blob = container.images.get_blob_client("open_book_0.jpg")
    blob.set_blob_metadata({"owner": "me"})
    mark_deleted(container.images, ["open_book_0.jpg", "open_book_0.jpg"])
    assert blob.get_blob_properties().metadata == {"owner": "me", "IsDeleted": "true"}
    assert upload(container.images, pictures).sent == 1
    assert not is_marked(blob.get_blob_properties())


def test_an_unknown_name_marks_nothing(container: Clients, pictures: Path) -> None:
    upload(container.images, pictures)
    with pytest.raises(UnknownPictureError, match=r"holds no nothing\.jpg"):
        mark_deleted(container.images, ["open_book_0.jpg", "nothing.jpg"])
    assert not any(is_marked(blob) for blob in container.images.list_blobs(include=["metadata"]))


def test_only_marked_pictures_that_are_out_of_the_index_are_deleted(container: Clients, pictures: Path) -> None:
    upload(container.images, pictures)
    mark_deleted(container.images, ["open_book_0.jpg", "open_book_1.jpg"])
    assert purge(container.images, {"open_book_1.jpg"}) == ["open_book_0.jpg"]
    assert len(list(container.images.list_blobs())) == 8


def test_touching_changes_the_time_and_nothing_else(container: Clients, pictures: Path) -> None:
    upload(container.images, pictures)
    blob = container.images.get_blob_client("open_book_0.jpg")
    blob.set_blob_metadata({"owner": "me"})
    before = blob.get_blob_properties()
    assert touch(container.images, ["open_book_0.jpg", "gone.jpg"]) == ["open_book_0.jpg"]
    after = blob.get_blob_properties()
    assert after.etag != before.etag
    assert (after.metadata, after.size) == (before.metadata, before.size)


def test_blob_names_follow_from_urls(container: Clients) -> None:
    name = "a folder/ö #1.png"
    assert blob_name(container.images, container.images.get_blob_client(name).url) == name
    spelt_otherwise = container.images.get_blob_client("x").url.removesuffix("x") + "a folder/%c3%b6 %231.png"
    assert blob_name(container.images, spelt_otherwise) == name
    assert blob_name(container.images, "http://elsewhere/images/x.jpg") is None
