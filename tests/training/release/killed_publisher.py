"""Publishes as the command does, in a process that is killed at a write to the store."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.stores import Place
from tests.training.release.interruptions import Moment, publish_until


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(location: str, connection_string: str, bundle: str, step: str, moment: Moment) -> None:
    publish_until(Place(location, connection_string or None).open(), Path(bundle), int(step), moment, die)


if __name__ == "__main__":
    main(*sys.argv[1:])  # pyright: ignore[reportArgumentType] - the tests pass a moment
