"""A stand-in for `az`: it answers what a test tells it to and remembers what it was asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

_AZ = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "az.log").open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
given = " ".join(sys.argv[1:])
for asked, answer in json.loads((here / "answers.json").read_text()).items():
    if given.startswith(asked):
        if answer is None:
            sys.exit("ERROR: refused")
        print(answer)
        break
"""


class Az:
    """The stand-in's folder, which is all of PATH that matters: `az`, and this interpreter as `python3`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "az").write_text(_AZ.format(python=sys.executable))
        (folder / "az").chmod(0o755)
        (folder / "python3").symlink_to(sys.executable)
        self.answer({})

    def answer(self, answers: Mapping[str, str | None]) -> None:
        """What to print for commands that begin so; None refuses. Other commands print nothing."""
        (self.folder / "answers.json").write_text(json.dumps(answers))

    def asked(self) -> list[str]:
        log = self.folder / "az.log"
        return [" ".join(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []
