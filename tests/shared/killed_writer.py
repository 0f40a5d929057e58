"""Writes a bundle over another one and is killed at its first, second, third ... step on the disk, until it succeeds.

Each time a line says what is read then: the names of group 0, and whether a bundle can be written over it once more.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

import numpy as np

from shared.model.bundle import Labels, is_bundle, read_bundle
from tests.bundles import make_bundle

_OLD, _NEW = (np.random.default_rng(seed).normal(size=(4, 512)).astype(np.float32) for seed in (0, 1))
_STEPS = ("open", "os.", "shutil.", "tempfile.")


def write(folder: Path, vectors: np.ndarray, name: str) -> None:
    make_bundle(folder, vectors, [0, 0, 1, 1], Labels(labels={0: (name,)}))


def write_and_die(folder: Path, step: int) -> None:
    """Never returns. The process ends in order when it takes fewer steps than that."""
    left = step

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event.startswith(_STEPS) and str(folder) in str(arguments):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    write(folder, _NEW, "new name")
    os._exit(0)


def survives(root: Path, step: int) -> bool:
    """Kill a writer at a step, tell what it leaves. False when it takes fewer steps."""
    folder = root / f"step{step}" / "books"
    write(folder, _OLD, "old name")
    child = os.fork()
    if child == 0:
        write_and_die(folder, step)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        return False
    names = read_bundle(folder).labels.labels[0] if is_bundle(folder) else ()
    write(folder, _OLD, "third name")
    sys.stdout.write(json.dumps([names, read_bundle(folder).labels.labels[0] == ("third name",)]) + "\n")
    shutil.rmtree(root / f"step{step}")
    return True


if __name__ == "__main__":
    for step in count(1):
        if not survives(Path(sys.argv[1]), step):
            break
