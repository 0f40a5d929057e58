"""A store that counts what is asked of it and can be made slow or unreachable."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from shared.stores.base import StoreError
from shared.stores.opening import open_store


class Watched:
    """A store that counts what is asked of it and can be made slow or unreachable. It is remote to its users."""

    folder = None

    def __init__(self, root: Path) -> None:
        self._store = open_store(str(root))
        self.location = self._store.location
        self.calls: Counter[str] = Counter()
        self.down = False
        self.delay = 0.0

    def __getattr__(self, name: str) -> Callable[..., object]:
        act = getattr(self._store, name)
        if name == "where":
            return act

        def watched(key: str, *arguments: object) -> object:
            self.calls[f"{name} {key.rpartition('/')[2]}"] += 1
            time.sleep(self.delay)
            if self.down:
                raise StoreError(f"{self.location} can't be reached")
            return act(key, *arguments)

        return watched
