"""The container of pictures: put pictures in, mark them for deletion, take marked ones out for good."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import unquote, urlsplit

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient, ContentSettings

from shared.errors import UserError
from shared.pictures.folder import FileSource, find_pictures

DELETED = "IsDeleted"
"""Metadata that marks a blob for deletion; datasource.json tells the indexer."""

# The index's keys hold a blob's URL in Base64, and around it what tells the pictures of a blob apart.
# https://learn.microsoft.com/azure/search/search-limits-quotas-capacity: a key has at most 1,024 characters.
_KEY_CHARACTERS = 1024 - 64

# Round trips to Blob Storage, not work of ours: eight at a time hide their latency.
_PARALLEL = 8


class LongNameError(UserError):
    """A picture's name is too long for the index."""


class UnknownPictureError(UserError):
    """No such picture in the container."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of a folder's pictures."""

    sent: int
    unchanged: int


def upload(images: ContainerClient, folder: Path, advance: Callable[[int], None] | None = None) -> Uploaded:
    """Put a folder's pictures into the container, each under its path in the folder.

    A picture that is there with the same bytes is left alone, unless it was marked for deletion. Raises DatasetError,
    and LongNameError before anything is sent.
    """
    pictures = find_pictures(folder)
    long = [picture.name for picture in pictures if not _fits_a_key(images.get_blob_client(picture.name).url)]
    if long:
        raise LongNameError(
            f"{', '.join(long)}: the search service can't index names this long. Rename them, or upload from a folder "
            "nearer to them"
        )
    there = _listed(images)

    def send(picture: FileSource) -> bool:
        content = picture.path.read_bytes()
        digest = hashlib.md5(content, usedforsecurity=False).digest()  # what Blob Storage keeps of a blob's content
        known = there.get(picture.name)
        changed = known is None or _digest(known) != digest or is_marked(known)
        if changed:
            kind = guess_type(picture.name)[0] or "application/octet-stream"
            described = ContentSettings(content_type=kind, content_md5=bytearray(digest))
            images.upload_blob(picture.name, content, overwrite=True, content_settings=described)
        if advance:
            advance(1)
        return changed

    with ThreadPoolExecutor(_PARALLEL) as threads:
        sent = sum(threads.map(send, pictures))
    return Uploaded(sent, len(pictures) - sent)


def mark_deleted(images: ContainerClient, names: Iterable[str]) -> None:
    """Mark pictures for deletion: the indexer's next run takes them out of the index.

    Raises UnknownPictureError, before anything is marked, for a name that the container does not have.
    """
    there, wanted = _listed(images), list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise UnknownPictureError(f"{images.container_name} holds no {', '.join(unknown)}")
    for name in wanted:
        images.get_blob_client(name).set_blob_metadata({**(there[name].metadata or {}), DELETED: "true"})


def purge(images: ContainerClient, still_indexed: Container[str]) -> list[str]:
    """Delete the marked blobs that the index no longer has, by their names; return those."""
    gone = [blob.name for blob in _listed(images).values() if is_marked(blob) and blob.name not in still_indexed]
    for name in gone:
        images.delete_blob(name)
    return gone


def touch(images: ContainerClient, names: Iterable[str]) -> list[str]:
    """Make the indexer read these blobs again by saving their metadata anew; return the names of those that are there.

    The indexer goes by a blob's time of change alone: it never comes back to a document that it failed on.
    """
    touched: list[str] = []
    for name in names:
        blob = images.get_blob_client(name)
        try:
            blob.set_blob_metadata(blob.get_blob_properties().metadata)
        except ResourceNotFoundError:
            continue
        touched.append(name)
    return touched


def blob_name(images: ContainerClient, url: str) -> str | None:
    """The name of the blob with this URL, or None when it is not in the container."""
    root = urlsplit(images.url).path.rstrip("/") + "/"
    path = urlsplit(url).path
    return unquote(path.removeprefix(root)) if path.startswith(root) else None


def is_marked(blob: BlobProperties) -> bool:
    return (blob.metadata or {}).get(DELETED, "").lower() == "true"


def _fits_a_key(url: str) -> bool:
    return len(base64.urlsafe_b64encode(url.encode())) <= _KEY_CHARACTERS


def _listed(images: ContainerClient) -> dict[str, BlobProperties]:
    if not images.exists():
        images.create_container()
    return {blob.name: blob for blob in images.list_blobs(include=["metadata"])}


def _digest(blob: BlobProperties) -> bytes:
    return bytes(blob.content_settings.content_md5 or b"")
