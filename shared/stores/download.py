"""Objects of a store as files, checked on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from shared.files import write_atomically_with
from shared.model.bundle import BundleError
from shared.stores.base import Advance, Store


def download(store: Store, key: str, path: Path, expected: str | None, advance: Advance | None = None) -> None:
    """Copy an object into a file, replaced atomically once the SHA-256 is the expected one.

    Raises StoreError, and BundleError when the content is not the expected one; the file is untouched then.
    """

    def write(file: BinaryIO) -> None:
        digest = hashlib.sha256()
        for piece in store.stream(key):
            file.write(piece)
            digest.update(piece)
            if advance:
                advance(len(piece))
        if expected is not None and digest.hexdigest() != expected:
            raise BundleError(
                f"{store.where(key)} is damaged (its SHA-256 is {digest.hexdigest()}, not {expected}): publish it again"
            )

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically_with(path, write)
