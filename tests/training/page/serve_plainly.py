"""Serves the naming page of a bundle in a process of its own, without VGG16. Prints the link. Argument: the bundle."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.training.galleries import open_plainly
from training.page.server import serve

if __name__ == "__main__":
    serve(open_plainly(Path(sys.argv[1])), 0, lambda link: print(link, flush=True))  # noqa: T201 - its parent reads it
