"""What the formats share that put something of each picture below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from shared.model.model import Assignment
from training.assignment.assign import AssignError, Row, Tally


def place_each(rows: Iterable[Row], place: Callable[[str, Assignment], bool], advance: Callable[[int], None]) -> Tally:
    """Call `place` with each picture that could be read. It returns whether all was there already."""
    labelled = unclustered = failed = resumed = 0
    for row in rows:
        advance(1)
        if row.assignment is None:
            failed += 1
            continue
        inside = row.assignment.cluster >= 0
        labelled, unclustered = labelled + inside, unclustered + (not inside)
        resumed += place(row.picture, row.assignment)
    return Tally(labelled, unclustered, failed, resumed)


def check_below(target: Path, folder: Path, picture: str) -> Path:
    """The target. Raises AssignError when the picture's name leads out of the folder."""
    if not Path(os.path.normpath(target)).is_relative_to(os.path.normpath(folder)):
        raise AssignError(f"{picture!r} leads out of its folder: rename it")
    return target
