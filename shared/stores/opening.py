"""Which store a location names. The Azure SDK is imported only for a URL."""

from __future__ import annotations

from pathlib import Path

from shared.stores.base import Store


def is_url(location: str) -> bool:
    """Whether this is in Blob Storage, rather than a folder."""
    return location.startswith(("http://", "https://"))


def open_store(location: str, connection_string: str | None = None) -> Store:
    """A store by its URL or folder. Reaches nothing yet. Raises StoreError when they don't make sense."""
    if is_url(location):
        from shared.stores.blob import open_container  # the Azure SDK is imported only where it is used

        return open_container(location, connection_string)
    from shared.stores.folder import FolderStore

    return FolderStore(Path(location))
