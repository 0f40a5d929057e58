"""Pictures of the container that the index does not hold as they are now: not read yet, or read and failed.

Blobs are told apart by their names: the URL that the service keeps may be written another way than the SDK's.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from azure.search.documents import SearchClient
from azure.storage.blob import ContainerClient

from infra.search.pictures import blob_name, is_marked
from infra.search.queries import every
from shared.pictures.source import SUFFIXES


def held(images: ContainerClient, documents: SearchClient) -> dict[str, datetime]:
    """The blobs that the index holds, by name, each with the time of change that it had when it was read."""
    found: dict[str, datetime] = {}
    for document in every(documents, ["url", "last_modified"]):
        name = blob_name(images, document["url"] or "")
        if name is not None:
            found[name] = datetime.fromisoformat(document["last_modified"])
    return found


def missing(images: ContainerClient, documents: SearchClient, *, unchanged_since: datetime | None = None) -> list[str]:
    """Names of the container's pictures that are not in the index, or are there as they were before they changed.

    Pictures marked for deletion apart. With a time, only pictures that have not changed since: a run that began then
    had its chance to read them.
    """
    read = held(images, documents)
    found: list[str] = []
    for blob in images.list_blobs(include=["metadata"]):
        is_picture = PurePosixPath(blob.name).suffix.lower() in SUFFIXES and not is_marked(blob)
        had_its_chance = unchanged_since is None or blob.last_modified < unchanged_since
        if is_picture and had_its_chance and (blob.name not in read or read[blob.name] < blob.last_modified):
            found.append(blob.name)
    return found
