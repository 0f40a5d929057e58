"""Pictures of the container that the index does not hold as they are now: not read yet, or read and failed."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from azure.search.documents import SearchClient
from azure.storage.blob import ContainerClient

from infra.search.pictures import is_marked
from infra.search.queries import every
from training.dataset import SUFFIXES


def missing(images: ContainerClient, documents: SearchClient, *, unchanged_since: datetime | None = None) -> list[str]:
    """URLs of the container's pictures that are not in the index, or are there as they were before they changed.

    Pictures marked for deletion apart. With a time, only pictures that have not changed since: a run that began then
    had its chance to read them.
    """
    read = {
        document["url"]: datetime.fromisoformat(document["last_modified"])
        for document in every(documents, ["url", "last_modified"])
    }
    found: list[str] = []
    for blob in images.list_blobs(include=["metadata"]):
        is_picture = PurePosixPath(blob.name).suffix.lower() in SUFFIXES and not is_marked(blob)
        if is_picture and (unchanged_since is None or blob.last_modified < unchanged_since):
            url = images.get_blob_client(blob.name).url
            if url not in read or read[url] < blob.last_modified:
                found.append(url)
    return found
