"""A blob container as a store and as a source of pictures, over azure-storage-blob. Imported only for a URL."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobPrefix, BlobProperties, ContainerClient, LinearRetry, StorageErrorCode

from shared.digests import sha256
from shared.stores.base import Advance, ConflictError, MissingError, RoleError, Stat, Store, Stored, StoreError

# The SDK waits up to 60 s and tries four times, doubling its pauses: minutes, when a store is down. These bound a
# failing read to about 20 s, within the time that a first request waits for a model (shared/serving/model_server.py).
_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_RETRIES = 2
_RETRY_PAUSE_SECONDS = 1

# Uploads go in blocks of this size, several at once: progress shows, and a lost connection costs one block.
_BLOCK = 4 << 20
_PARALLEL = 4

_COPY_SECONDS = 300

_SHA256 = "sha256"
"""The metadata entry that says what we uploaded. Overwriting a blob with another tool removes it."""

# What the service says to an identity without a role; a wrong key or a closed network is told otherwise.
_NO_ROLE = "AuthorizationPermissionMismatch"
_FULL = "MaxBlobSizeConditionNotMet"


@dataclass(frozen=True, slots=True)
class Listed:
    """A blob as a listing shows it, without its content."""

    key: str
    size: int
    modified: datetime
    content: str
    """Changes with the content: its MD5 where the service knows that, else the ETag, which also changes with metadata.

    The service works the MD5 out for a blob that was uploaded in one piece; a client may set it for the others."""


def split_url(url: str) -> tuple[str, str]:
    """The URL of the container, and what the names of blobs below the URL begin with: "" or a path that ends with "/".

    An account is in the host's name (https://<account>.blob.core.windows.net/<container>), except where the host is an
    address or a plain name, as Azurite's is (http://127.0.0.1:10000/<account>/<container>). Raises StoreError for a URL
    that holds credentials.
    """
    parts = _parts(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    account = 1 if _is_plain(parts.hostname or "") else 0
    prefix = "".join(f"{unquote(segment)}/" for segment in segments[account + 1 :])
    return "/".join([f"{parts.scheme}://{parts.netloc}", *segments[: account + 1]]), prefix


def _parts(url: str) -> SplitResult:
    parts = urlsplit(url, allow_fragments=False)
    if parts.query or parts.username:
        raise StoreError(f"{parts.scheme}://{parts.hostname}{parts.path}: keep credentials out of the URL")
    return parts


def _is_plain(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


def open_container(url: str, connection_string: str | None) -> BlobStore:
    """The container at this URL, as the holder of the connection string or else as this machine's identity.

    Raises StoreError when the two contradict each other.
    """
    # One line a request, at level INFO, would outnumber everything else in the log.
    logging.getLogger("azure").setLevel(logging.WARNING)
    parts = _parts(url)
    location = url.rstrip("/")
    if not parts.path.strip("/"):
        raise StoreError(f"{location} names no container: https://<account>.blob.core.windows.net/<container>")
    container = _by_connection_string(location, connection_string) if connection_string else _by_identity(location)
    return BlobStore(location, container)


def _by_connection_string(location: str, connection_string: str) -> ContainerClient:
    name = location.rpartition("/")[2]
    try:
        container = ContainerClient.from_connection_string(connection_string, name, **_transfer_options())
    except ValueError:
        raise StoreError("MODEL_STORE_CONNECTION_STRING is malformed: copy it from the storage account again") from None
    found = container.url.partition("?")[0]
    if found != location:
        raise StoreError(f"MODEL_STORE_CONNECTION_STRING belongs to {found}, not to {location}")
    return container


def _by_identity(location: str) -> ContainerClient:
    if location.startswith("http://"):
        raise StoreError(f"{location} needs a connection string: identities are only ever shown over https")
    from azure.identity import DefaultAzureCredential

    # It would log every failure in full and at every attempt; ours says once what to do.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    return ContainerClient.from_container_url(location, DefaultAzureCredential(), **_transfer_options())


def _transfer_options() -> dict[str, Any]:
    return {
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "retry_policy": LinearRetry(
            backoff=_RETRY_PAUSE_SECONDS, retry_total=_RETRIES, random_jitter_range=_RETRY_PAUSE_SECONDS
        ),
        "max_block_size": _BLOCK,
        "max_single_put_size": _BLOCK,
    }


class ArchivedError(StoreError):
    """The blob is kept where it can't be read from."""


class BlobStore(Store):
    """Keys are blob names in one container."""

    def __init__(self, location: str, container: ContainerClient) -> None:
        self.location = location
        self.folder = None
        self._container = container

    def where(self, key: str) -> str:
        return f"{self.location}/{key}"

    def read(self, key: str) -> Stored:
        with self._explained(key):
            blob = self._container.download_blob(key)
            return Stored(blob.readall(), str(blob.properties.etag))

    def first_bytes(self, key: str, count: int) -> bytes:
        """Of a blob that is not empty. Raises MissingError."""
        with self._explained(key):
            return self._container.download_blob(key, offset=0, length=count).readall()

    def changed(self, key: str, etag: str) -> Stored | None:
        with self._explained(key):
            try:
                blob = self._container.download_blob(key, etag=etag, match_condition=MatchConditions.IfModified)
                return Stored(blob.readall(), str(blob.properties.etag))
            except HttpResponseError as error:
                if error.status_code == 304:
                    return None
                raise

    def stream(self, key: str) -> Iterator[bytes]:
        with self._explained(key):
            yield from self._container.download_blob(key).chunks()

    def stat(self, key: str) -> Stat | None:
        try:
            with self._explained(key):
                found: BlobProperties = self._container.get_blob_client(key).get_blob_properties()
        except MissingError:
            return None
        whole = found.copy.status in {None, "success"}  # a copy has its metadata before its content
        return Stat(str(found.etag), found.size, found.last_modified, found.metadata.get(_SHA256) if whole else None)

    def write(self, key: str, content: bytes, *, replacing: str | None, advance: Advance | None = None) -> None:
        done = 0

        def report(current: int, _total: int | None) -> None:
            nonlocal done
            if advance:
                advance(current - done)
            done = current

        condition: dict[str, Any] = (
            {"etag": replacing, "match_condition": MatchConditions.IfNotModified} if replacing else {}
        )
        with self._explained(key):
            self._container.upload_blob(
                key,
                content,
                overwrite=replacing is not None,
                **condition,
                metadata={_SHA256: sha256(content)},
                max_concurrency=_PARALLEL,
                progress_hook=report,
            )

    def append(self, key: str, content: bytes, *, at_most: int) -> bool:
        blob = self._container.get_blob_client(key)
        with self._explained(key):
            try:
                if not blob.exists():
                    with suppress(ResourceExistsError):
                        blob.create_append_blob(match_condition=MatchConditions.IfMissing)
                blob.append_block(content, maxsize_condition=at_most)
            except HttpResponseError as error:
                if _code(error) == _FULL:
                    return False
                raise
        return True

    def copy(self, source: str, target: str) -> None:
        blob = self._container.get_blob_client(target)
        with self._explained(target):
            blob.start_copy_from_url(self.where(source), match_condition=MatchConditions.IfMissing)
            # Within an account a copy is done when the answer comes, as a rule; no promise is made, though.
            deadline = time.monotonic() + _COPY_SECONDS
            while (status := blob.get_blob_properties().copy.status) == "pending" and time.monotonic() < deadline:
                time.sleep(_RETRY_PAUSE_SECONDS)
        if status != "success":
            raise StoreError(f"{self.where(target)} could not be copied from {self.where(source)}: {status}")

    def children(self, prefix: str) -> list[str]:
        with self._explained(prefix):
            found = self._container.walk_blobs(name_starts_with=prefix, delimiter="/")
            names = [item.name for item in found if isinstance(item, BlobPrefix)]
        return sorted(name.removeprefix(prefix).rstrip("/") for name in names)

    def blobs(self, prefix: str) -> Iterator[Listed]:
        """All blobs whose names begin so, in the service's order. Raises StoreError."""
        with self._explained(prefix):
            for blob in self._container.list_blobs(name_starts_with=prefix):
                md5 = blob.content_settings.content_md5
                yield Listed(blob.name, blob.size, blob.last_modified, bytes(md5).hex() if md5 else str(blob.etag))

    @contextmanager
    def _explained(self, key: str) -> Generator[None]:
        """The SDK's exceptions as ours. Their texts hold times and request ids, so none is passed on whole."""
        where = self.where(key)
        try:
            yield
        except ResourceNotFoundError as error:
            if _code(error) == "ContainerNotFound":
                raise StoreError(
                    f"the container {self.location} does not exist: create it, or correct the URL"
                ) from None
            raise MissingError(f"{where} is missing") from None
        except ResourceModifiedError:
            raise ConflictError(f"{where} was written by somebody else meanwhile") from None
        except ClientAuthenticationError as error:
            raise StoreError(_refusal(where, error)) from error
        except HttpResponseError as error:
            # The service has many conflicts (409), such as a container that is just being deleted; one of them is ours.
            if _code(error) == StorageErrorCode.BLOB_ALREADY_EXISTS:
                raise ConflictError(f"{where} was written by somebody else meanwhile") from None
            if _code(error) == StorageErrorCode.BLOB_ARCHIVED:
                raise ArchivedError(f"{where} is archived: move it to the hot, cool or cold tier") from None
            if _code(error) == _NO_ROLE:
                raise RoleError(_refusal(where, error)) from error
            if error.status_code == 403:
                raise StoreError(_refusal(where, error)) from error
            raise StoreError(f"{where} answers {error.status_code} {_code(error)}") from error
        except AzureError as error:
            raise StoreError(f"{self.location} can't be reached ({type(error).__name__})") from error


def _refusal(where: str, error: HttpResponseError) -> str:
    if error.response is None:
        return (
            f"no identity to open {where} with: on Azure switch on the app's managed identity, elsewhere sign in with "
            "`az login` or set MODEL_STORE_CONNECTION_STRING"
        )
    return (
        f"{where} refuses access ({_code(error)}): check the connection string, or the identity's role (Storage Blob "
        "Data Reader to read, Contributor to publish) and the account's network rules"
    )


def _code(error: HttpResponseError) -> str:
    """The service's own word for what is wrong, such as ContainerNotFound."""
    code = getattr(error, "error_code", None)  # added by azure-storage-blob to azure-core's exceptions
    return str(code.value if isinstance(code, Enum) else code or error.reason)
