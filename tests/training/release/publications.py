"""Beside publishing: watching uploads, renaming, serving, looking whether a version is whole, spoiling a file."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from shared.digests import sha256
from shared.model.bundle import Labels, read_bundle, write_labels
from shared.serving.model_server import ModelServer
from shared.settings import Settings
from shared.stores.base import Advance, Store
from shared.stores.graphs import graph_key
from shared.stores.releases import read_published_manifest, version_key
from tests.stores import Place, shared_azurite


class Uploads:
    """Notes what is uploaded, as the progress bar would be told; `meanwhile` runs before the first upload."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.names: list[str] = []
        self._meanwhile = meanwhile

    @contextmanager
    def __call__(self, name: str, size: int) -> Generator[Advance]:
        self.names.append(name)
        if len(self.names) == 1:
            self._meanwhile()
        moved: list[int] = []
        yield moved.append
        assert sum(moved) in {0, size}  # 0: somebody else had just put the same there


def rename(folder: Path, name: str) -> str:
    """Give a group another name; returns the version that this makes."""
    write_labels(folder, Labels(labels={0: (name,)}))
    return read_bundle(folder).version


def served(place: Place, cache: Path) -> str:
    """The version that a worker serves which starts now."""
    connection_string = SecretStr(place.connection_string) if place.connection_string else None
    settings = Settings(model_store=place.location, model_store_connection_string=connection_string, model_cache=cache)
    return ModelServer(settings).current().version


def assert_whole(store: Store, name: str, version: str) -> None:
    manifest, _ = read_published_manifest(store, version_key(name, version))
    for file, digest in manifest.files.items():
        assert sha256(store.read(f"{version_key(name, version)}/{file}").content) == digest
    assert store.stat(graph_key(manifest.embedder.graph_sha256)) is not None


def overwrite(store: Store, key: str, content: bytes) -> None:
    """As another tool would: without noting the digest."""
    if store.folder:
        (store.folder / key).write_bytes(content)
        return
    from azure.storage.blob import BlobClient

    azurite = shared_azurite()
    container = store.location.rpartition("/")[2]
    with BlobClient.from_connection_string(azurite.connection_string, container, key) as blob:
        blob.upload_blob(content, overwrite=True)
