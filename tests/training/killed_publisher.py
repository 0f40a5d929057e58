"""Publishes as the command does and is killed at the n-th write to the store: before it, in its middle or after it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from shared.stores.base import Advance
from tests.stores import Place
from training.release.publishing import publish


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Counts writes down to the one at which the process dies."""

    def __init__(self, step: int, moment: str) -> None:
        self._left = step
        self._moment = moment

    def around(self, write: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: object, **options: object) -> None:
            self._left -= 1
            if self._left == 0 and self._moment == "before":
                die()
            if self._left == 0 and self._moment == "during":
                os.fsync = die  # a folder's file is written then, but not yet in its place
            write(*arguments, **options)
            if self._left == 0:
                die()

        return counted

    @contextmanager
    def show(self, name: str, size: int) -> Generator[Advance]:
        """What the publisher tells of its progress: in the middle of an upload, after its first block."""

        def advance(count: int) -> None:
            if self._left == 0 and self._moment == "during" and count < size:
                die()

        yield advance


def main(location: str, connection_string: str, bundle: str, step: str, moment: str) -> None:
    store = Place(location, connection_string or None).open()
    countdown = Countdown(int(step), moment)
    for method in ("write", "copy"):
        setattr(store, method, countdown.around(getattr(store, method)))
    publish(store, Path(bundle), countdown.show)


if __name__ == "__main__":
    main(*sys.argv[1:])
