"""Pictures in a blob container, read where they lie. Imported only when pictures are at a URL.

A source is nothing but names, so that it may travel to other processes and machines: each of them opens the container
with credentials of its own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from shared.embedding.decoding.signatures import HEAD
from shared.embedding.images import PictureError
from shared.pictures.source import LARGEST_FILE, Listing, Status, has_suffix, is_litter, list_in_order, reason_against
from shared.printable import composed
from shared.settings import load_settings
from shared.stores.base import MissingError
from shared.stores.blob import ArchivedError, BlobStore, open_container, split_url

# Round trips to Blob Storage, for blobs that are not named as pictures are.
_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class BlobSource:
    """A picture in a blob container."""

    name: str
    container: str
    """The container's URL, without credentials."""
    key: str
    """The blob's name in the container."""
    size: int
    """Bytes, as listed."""
    modified: datetime
    """As listed; whole seconds."""
    version: str
    """What the listing said of the content: another content has another one."""

    def fingerprint(self) -> str:
        """Known from the listing, so that a picture whose embedding is cached is not downloaded again."""
        return f"{self.container}/{self.key}|{self.size}|{self.version}"

    def status(self) -> Status:
        return Status(self.size, int(self.modified.timestamp()) * 10**9)

    def content(self) -> bytes:
        """Download the picture. Raises PictureError, but shared.stores.base.StoreError when the container fails.

        A model without the pictures that a lost connection hides would look like any other, so that ends the run.
        """
        if self.size > LARGEST_FILE:
            raise PictureError(f"it is larger than {LARGEST_FILE:,} bytes")
        try:
            return _opened(self.container).read(self.key).content
        except MissingError:
            raise PictureError("it was deleted meanwhile") from None
        except ArchivedError:
            raise PictureError("it is archived: move it to the hot, cool or cold tier") from None


def list_container(url: str) -> Listing[BlobSource]:
    """All pictures below a container's URL, or below a folder in it, and what else is there, named relative to that.

    Raises DatasetError, StoreError.
    """
    container, prefix = split_url(url)
    blobs = [
        BlobSource(composed(blob.key.removeprefix(prefix)), container, blob.key, blob.size, blob.modified, blob.content)
        for blob in _opened(container).blobs(prefix)
    ]
    kept = [blob for blob in blobs if not is_litter(blob.name)]
    with ThreadPoolExecutor(_PARALLEL) as threads:
        reasons = list(threads.map(_reason_against, kept))
    return list_in_order(
        (blob for blob, reason in zip(kept, reasons, strict=True) if reason is None),
        {blob.name: reason for blob, reason in zip(kept, reasons, strict=True) if reason is not None},
        len(blobs) - len(kept),
        url,
    )


def _reason_against(blob: BlobSource) -> str | None:
    if has_suffix(blob.name):
        return None
    try:
        return reason_against(_opened(blob.container).first_bytes(blob.key, HEAD) if blob.size else b"")
    except (MissingError, ArchivedError) as error:
        return str(error)


@cache
def _opened(container: str) -> BlobStore:
    return open_container(container, load_settings().store_credential)
