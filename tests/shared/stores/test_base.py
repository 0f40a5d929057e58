"""One suite for every kind of store, then what each kind says when it fails."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from shared.digests import sha256
from shared.model.bundle import BundleError
from shared.stores.base import ConflictError, MissingError, Store, StoreError
from shared.stores.download import download
from shared.stores.opening import open_store
from tests.stores import KINDS, Place, azurite_place, identity_azurite, shared_azurite

BIG = bytes(range(256)) * 40_000
"""10 MB: several blocks of an upload."""


@pytest.fixture(scope="module", params=KINDS)
def empty_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    if request.param == "folder":
        yield Place(str(tmp_path_factory.mktemp("store")))
    elif request.param == "key":
        yield azurite_place(shared_azurite())
    else:
        with identity_azurite() as (azurite, env), pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            yield Place(azurite_place(azurite).location)


@pytest.fixture
def store(empty_store: Place) -> Store:
    return empty_store.open()


def test_what_is_written_is_read(store: Store) -> None:
    store.write("read/a.json", b"one", replacing=None)
    assert store.read("read/a.json").content == b"one"
    assert b"".join(store.stream("read/a.json")) == b"one"
    store.write("read/empty", b"", replacing=None)
    assert b"".join(store.stream("read/empty")) == b""


def test_only_a_change_is_read_again(store: Store) -> None:
    store.write("changed/a.json", b"one", replacing=None)
    first = store.read("changed/a.json")
    assert store.changed("changed/a.json", first.etag) is None
    store.write("changed/a.json", b"two", replacing=first.etag)
    second = store.changed("changed/a.json", first.etag)
    assert second is not None
    assert second.content == b"two"
    assert store.changed("changed/a.json", second.etag) is None


def test_a_write_replaces_only_the_version_it_has_read(store: Store) -> None:
    store.write("conflict/a.json", b"one", replacing=None)
    first = store.read("conflict/a.json")
    with pytest.raises(ConflictError, match="somebody else"):
        store.write("conflict/a.json", b"two", replacing=None)
    store.write("conflict/a.json", b"three", replacing=first.etag)
    with pytest.raises(ConflictError, match="somebody else"):
        store.write("conflict/a.json", b"four", replacing=first.etag)
    with pytest.raises(ConflictError, match="somebody else"):
        store.write("conflict/b.json", b"five", replacing=first.etag)
    assert store.read("conflict/a.json").content == b"three"


def test_of_many_writers_one_wins(store: Store) -> None:
    store.write("race/a.json", b"start", replacing=None)
    etag = store.read("race/a.json").etag
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait()
        try:
            store.write("race/a.json", f"writer {number}".encode(), replacing=etag)
            outcomes.append(f"writer {number}")
        except ConflictError:
            outcomes.append("told")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("told") == 7
    assert store.read("race/a.json").content.decode() in outcomes


def test_large_objects_show_their_progress(store: Store, tmp_path: Path) -> None:
    sent: list[int] = []
    store.write("big/graph.onnx", BIG, replacing=None, advance=sent.append)
    assert sum(sent) == len(BIG)
    received: list[int] = []
    download(store, "big/graph.onnx", tmp_path / "new" / "graph.onnx", sha256(BIG), received.append)
    assert (tmp_path / "new" / "graph.onnx").read_bytes() == BIG
    assert sum(received) == len(BIG)


def test_stat_knows_size_digest_and_time(store: Store) -> None:
    assert store.stat("stat/nothing") is None
    store.write("stat/a", b"abc", replacing=None)
    stat = store.stat("stat/a")
    assert stat is not None
    assert (stat.size, stat.sha256) == (3, sha256(b"abc"))
    assert stat.etag == store.read("stat/a").etag
    assert stat.modified.tzinfo is not None


def test_what_is_appended_grows_up_to_a_bound(store: Store) -> None:
    key = "books/unclustered/2026-11-26.jsonl"
    assert store.append(key, b"one\n", at_most=10)
    assert store.append(key, b"two\n", at_most=10)
    assert not store.append(key, b"three\n", at_most=10)
    assert store.read(key).content == b"one\ntwo\n"


def test_copies_are_made_once(store: Store) -> None:
    store.write("copy/a", b"abc", replacing=None)
    store.copy("copy/a", "copy/deeper/b")
    assert store.read("copy/deeper/b").content == b"abc"
    copied = store.stat("copy/deeper/b")
    assert copied is not None
    assert copied.sha256 == sha256(b"abc")
    with pytest.raises(ConflictError):
        store.copy("copy/a", "copy/deeper/b")
    with pytest.raises(MissingError):
        store.copy("copy/nothing", "copy/c")


def test_children_are_the_folders_below(store: Store) -> None:
    assert store.children("children/") == []
    for key in ("children/b/x", "children/a/x", "children/a/y/z", "children/file"):
        store.write(key, b"", replacing=None)
    assert store.children("children/") == ["a", "b"]


def test_what_is_missing_is_named(store: Store, empty_store: Place) -> None:
    for act in (
        lambda: store.read("missing/a"),
        lambda: store.changed("missing/a", "etag"),
        lambda: list(store.stream("missing/a")),
    ):
        with pytest.raises(MissingError) as caught:
            act()
        assert str(caught.value) == f"{empty_store.location}/missing/a is missing"


def test_a_damaged_download_leaves_the_file_alone(store: Store, tmp_path: Path) -> None:
    store.write("damaged/a", b"abc", replacing=None)
    target = tmp_path / "a"
    target.write_bytes(b"before")
    with pytest.raises(BundleError, match="damaged/a is damaged"):
        download(store, "damaged/a", target, sha256(b"other"))
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "/etc/passwd", ""])
def test_no_key_leaves_a_folder(tmp_path: Path, key: str) -> None:
    store = open_store(str(tmp_path / "store"))
    with pytest.raises(StoreError, match="is not a store key"):
        store.write(key, b"", replacing=None)
    with pytest.raises(StoreError, match="is not a store key"):
        store.read(key)


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = open_store(str(tmp_path / "file"))
    with pytest.raises(StoreError, match="file"):
        store.write("a/b", b"", replacing=None)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="folder can't be used: Is a directory"):
        open_store(str(tmp_path)).read("folder")


def test_a_missing_container_differs_from_a_missing_blob() -> None:
    azurite = shared_azurite()
    store = open_store(azurite.url("nobody-made-this"), azurite.connection_string)
    with pytest.raises(StoreError, match=r"the container http://.*/nobody-made-this does not exist") as caught:
        store.read("a")
    assert not isinstance(caught.value, MissingError)
    with pytest.raises(StoreError, match="does not exist"):
        store.stat("a")


def test_what_the_service_refuses_otherwise_is_passed_on_in_its_words() -> None:
    azurite = shared_azurite()
    store = open_store(azurite.url("x"), azurite.connection_string)  # container names have three letters or more
    with pytest.raises(StoreError, match=r"/x/a answers 400 \w+"):
        store.read("a")


def test_a_wrong_key_is_reported() -> None:
    azurite = shared_azurite()
    strangers_key = azurite.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    store = open_store(azurite_place(azurite).location, strangers_key)
    with pytest.raises(StoreError, match=r"refuses access \(Auth\w+\): check the connection string") as caught:
        store.read("a")
    assert "AAAA" not in str(caught.value)


@pytest.mark.slow
def test_an_unreachable_store_is_reported_soon_and_always_alike() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    azurite = shared_azurite()
    old, new = f":{azurite.port}/", f":{port}/"
    store = open_store(azurite.url("models").replace(old, new), azurite.connection_string.replace(old, new))
    messages: set[str] = set()
    for _ in range(2):
        with pytest.raises(StoreError, match="can't be reached") as caught:
            store.read("a")
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_an_invalid_store_url_is_refused_before_anything_is_sent() -> None:
    url = "https://account.blob.core.windows.net/models"
    with pytest.raises(StoreError, match="keep credentials out of the URL") as caught:
        open_store(f"{url}?sv=2026&sig=secret")
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError, match="names no container"):
        open_store("https://account.blob.core.windows.net/")
    with pytest.raises(StoreError, match="needs a connection string"):
        open_store("http://127.0.0.1:10000/devstoreaccount1/models")
    with pytest.raises(StoreError, match="malformed"):
        open_store(url, "no connection string")
    with pytest.raises(StoreError, match=r"belongs to http://127\.0\.0\.1:10000/devstoreaccount1/models, not to"):
        open_store(url, "UseDevelopmentStorage=true")


def test_without_an_identity_the_message_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("IDENTITY_ENDPOINT", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no Azure CLI
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")  # and no wait for a virtual machine's identity
    with pytest.raises(StoreError, match=r"no identity to open .* `az login` or set MODEL_STORE_CONNECTION_STRING"):
        open_store("https://account.blob.core.windows.net/models").read("a")


def test_a_folder_store_needs_no_azure_packages(tmp_path: Path) -> None:
    code = (
        "import sys; from shared.serving.api import handle; from shared.stores.opening import open_store; "
        f"open_store({str(tmp_path)!r}).children('a/'); "
        "sys.exit(any(name.startswith(('azure.storage', 'azure.identity', 'azure.core')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
