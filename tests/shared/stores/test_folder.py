"""What is particular to a folder as a store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.stores.base import StoreError
from shared.stores.folder import FolderStore


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_in_an_objects_place_is_an_error_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    os.mkfifo(tmp_path / "books" / "current.json")
    store = FolderStore(tmp_path)
    for attempt in (store.read, store.stat):
        with pytest.raises(StoreError, match=r"current\.json can't be used: it is a named pipe, not a file"):
            attempt("books/current.json")
    with pytest.raises(StoreError, match="it is a named pipe, not a file"):
        list(store.stream("books/current.json"))
