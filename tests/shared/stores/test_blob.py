"""What only a blob container has; what it has in common with other stores is in test_store.py."""

import hashlib
from datetime import UTC, datetime

import pytest

from shared.stores.base import StoreError
from shared.stores.blob import open_container, split_url
from tests.stores import Place, azurite_place, shared_azurite


@pytest.fixture
def place() -> Place:
    return azurite_place(shared_azurite())


@pytest.mark.parametrize(
    ("url", "container", "prefix"),
    [
        ("https://account.blob.core.windows.net/photos", "https://account.blob.core.windows.net/photos", ""),
        ("https://account.blob.core.windows.net/photos/", "https://account.blob.core.windows.net/photos", ""),
        ("https://a.blob.core.windows.net/photos/2024/may", "https://a.blob.core.windows.net/photos", "2024/may/"),
        ("https://a.blob.core.windows.net/p/two%20words/", "https://a.blob.core.windows.net/p", "two words/"),
        ("https://a.blob.core.windows.net/p/été/100%25", "https://a.blob.core.windows.net/p", "été/100%/"),
        ("http://127.0.0.1:10000/devstoreaccount1/photos", "http://127.0.0.1:10000/devstoreaccount1/photos", ""),
        ("http://[::1]:10000/devstoreaccount1/photos/a", "http://[::1]:10000/devstoreaccount1/photos", "a/"),
        ("http://localhost:10000/devstoreaccount1/photos/a", "http://localhost:10000/devstoreaccount1/photos", "a/"),
        ("http://azurite:10000/devstoreaccount1/photos", "http://azurite:10000/devstoreaccount1/photos", ""),
        ("http://acc.blob.localhost:10000/photos/a", "http://acc.blob.localhost:10000/photos", "a/"),
    ],
)
def test_a_url_is_a_container_and_a_folder_in_it(url: str, container: str, prefix: str) -> None:
    assert split_url(url) == (container, prefix)


def test_blobs_are_listed_with_their_fingerprints(place: Place) -> None:
    store = open_container(place.location, place.connection_string)
    for key in ("a/one.jpg", "a/deeper/two.jpg", "ab.jpg"):
        store.write(key, key.encode(), replacing=None)
    listed = {blob.key: blob for blob in store.blobs("a/")}
    assert sorted(listed) == ["a/deeper/two.jpg", "a/one.jpg"]
    one = listed["a/one.jpg"]
    assert (one.size, one.content) == (9, hashlib.md5(b"a/one.jpg", usedforsecurity=False).hexdigest())
    assert abs((datetime.now(UTC) - one.modified).total_seconds()) < 3600


def test_a_blob_without_md5_has_its_etag(place: Place) -> None:
    store = open_container(place.location, place.connection_string)
    store.write("large", bytes(5 << 20), replacing=None)  # in two blocks, of which the service works out no MD5
    (blob,) = store.blobs("")
    assert blob.content == store.read("large").etag.strip('"')


def test_a_container_that_is_not_there_is_named(place: Place) -> None:
    missing = f"{place.location}-not"
    with pytest.raises(StoreError, match=f"the container {missing} does not exist"):
        list(open_container(missing, place.connection_string).blobs(""))
