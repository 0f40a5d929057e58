"""Which version of a model is current: the pointer in the store, and what stands in where there is none."""

from __future__ import annotations

import json
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.digests import sha256
from shared.model.bundle import (
    FORMAT,
    LABELS,
    MANIFEST,
    BundleError,
    Manifest,
    full_version,
    parse_manifest,
    parse_versioned,
)
from shared.model.model_name import check_model_name
from shared.stores.base import MissingError, Store, StoreError

_VERSION = r"^[0-9a-f]{12}-[0-9a-f]{6}$"
_SHA256 = r"^[0-9a-f]{64}$"


class Pointer(BaseModel):
    """current.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    version: str = Field(pattern=_VERSION)
    manifest_sha256: str = Field(pattern=_SHA256)
    history: tuple[str, ...] = ()
    """Versions that were current before, the latest last: the way back."""
    moved: str
    """When, in ISO 8601."""


class Release(BaseModel):
    """One version and where its files are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(pattern=_VERSION)
    folder: str
    """The key of its folder, without a final slash."""
    manifest_sha256: str | None = None
    """None for a version that nobody points to: a working bundle, or one chosen by MODEL_VERSION."""


class ReleaseWatcher:
    """Asks a store for the release to serve, at the price of one conditional read when nothing has changed."""

    def __init__(self, store: Store, name: str, pinned: str | None = None) -> None:
        """Raises ModelNameError or StoreError when name or version can't be one."""
        self._store = store
        self._name = name
        self._pointer_key = pointer_key(name)
        self._pinned = pinned
        self._pinned_folder = version_key(name, pinned) if pinned else None
        self._seen: tuple[str, Release] | None = None

    def current(self) -> Release:
        """The pinned release, else the one pointed to, else the working bundle.

        Raises StoreError (MissingError when there is none of them), BundleError for a pointer that can't be read.
        """
        if self._pinned and self._pinned_folder:
            return self._look_for(self._pinned, self._pinned_folder)
        try:
            return self._look_at_pointer()
        except MissingError:
            return self._working()

    def _look_for(self, version: str, folder: str) -> Release:
        if self._store.stat(f"{folder}/{MANIFEST}"):
            return Release(version=version, folder=folder)
        try:
            working = self._working()
        except MissingError:
            working = None
        if working and working.version == version:
            return working
        raise MissingError(
            f"version {version} of {self._name!r} is not in {self._store.location}: MODEL_VERSION must be one that "
            "`python -m training versions` lists"
        )

    def _look_at_pointer(self) -> Release:
        if self._seen is None:
            stored = self._store.read(self._pointer_key)
        else:
            etag, release = self._seen
            stored = self._store.changed(self._pointer_key, etag)
            if stored is None:
                return release
        pointer = parse_pointer(stored.content, self._store.where(self._pointer_key))
        release = Release(
            version=pointer.version,
            folder=version_key(self._name, pointer.version),
            manifest_sha256=pointer.manifest_sha256,
        )
        self._seen = stored.etag, release
        return release

    def _working(self) -> Release:
        manifest_key = f"{self._name}/{MANIFEST}"
        try:
            manifest = self._store.read(manifest_key)
            labels = self._store.read(f"{self._name}/{LABELS}")
        except MissingError as error:
            raise MissingError(
                f"{self._store.location} holds no model {self._name!r}: there is no {self._pointer_key}, and {error}. "
                "Publish one with `python -m training publish`, or correct MODEL_STORE and MODEL_NAME"
            ) from None
        try:
            found = json.loads(manifest.content)
            return Release(version=full_version(found["version"], labels.content), folder=self._name)
        except (ValueError, TypeError, KeyError):
            raise BundleError(f"{self._store.where(manifest_key)} is not a manifest: train the model again") from None


def pointer_key(name: str) -> str:
    """Raises ModelNameError when no model can have this name."""
    return f"{check_model_name(name)}/current.json"


def version_key(name: str, version: str) -> str:
    """The key of a published version's folder. Raises ModelNameError or StoreError when this can't be one."""
    if not re.fullmatch(_VERSION, version):
        raise StoreError(f"{version!r} is not a version: one looks like 0123456789ab-cdef01")
    return f"{versions_prefix(name)}{version}"


def versions_prefix(name: str) -> str:
    return f"{check_model_name(name)}/versions/"


def parse_pointer(content: bytes, origin: str) -> Pointer:
    """Raises BundleError naming `origin`."""
    return parse_versioned(Pointer, content, f"{origin} is damaged (delete it and publish again)", origin)


def read_published_manifest(store: Store, folder: str) -> tuple[Manifest, str]:
    """The manifest in a store's folder, and its SHA-256. Raises MissingError and other StoreErrors, BundleError."""
    key = f"{folder}/{MANIFEST}"
    content = store.read(key).content
    return parse_manifest(content, store.where(key)), sha256(content)
