"""A publication that ends at its n-th write to the store: before it, amid it or after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from shared.stores.base import Advance, Store
from training.release.publishing import publish

type Moment = Literal["before", "during", "after"]


class Interrupted(BaseException):
    """Not an Exception: the code under test must not handle it, as it can't handle the end of its process."""


def interrupt(*_: object) -> NoReturn:
    raise Interrupted


def publish_until(store: Store, bundle: Path, step: int, moment: Moment, end: Callable[..., object]) -> None:
    """Publish `bundle`, calling `end` at this moment of the write number `step`, from 1."""
    with pytest.MonkeyPatch.context() as patch:
        countdown = _Countdown(step, moment, end, patch)
        for method in ("write", "copy"):
            patch.setattr(store, method, countdown.around(getattr(store, method)))
        publish(store, bundle, countdown.show)


class _Countdown:
    """Counts writes down to the one at which to end."""

    def __init__(self, step: int, moment: Moment, end: Callable[..., object], patch: pytest.MonkeyPatch) -> None:
        self._left = step
        self._moment = moment
        self._end = end
        self._patch = patch

    def around(self, write: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: object, **options: object) -> None:
            self._left -= 1
            if self._left == 0 and self._moment == "before":
                self._end()
            if self._left == 0 and self._moment == "during":
                self._patch.setattr(os, "fsync", self._end)  # a folder's file is written then, but not yet in place
            write(*arguments, **options)
            if self._left == 0:
                self._end()

        return counted

    @contextmanager
    def show(self, name: str, size: int) -> Generator[Advance]:
        """What the publisher tells of its progress: amid an upload, after its first block."""

        def advance(count: int) -> None:
            if self._left == 0 and self._moment == "during" and count < size:
                self._end()

        yield advance
