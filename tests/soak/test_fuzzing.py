"""Damage of every kind to all that strangers send: nothing crashes, hangs, takes memory without end or answers wrongly.

A failure prints the command that tries its input again. Found so far, and mended: see docs/soak.md.
"""

from __future__ import annotations

import pytest
from PIL import Image

from tests.soak.drive import drive
from tests.soak.figures import Figures
from tests.soak.pictures import seeds

pytestmark = pytest.mark.slow

SEED = "1"

# Target, inputs in the short form and in the long one.
TARGETS = (
    ("requests", 1_500, 100_000),
    ("pictures", 2_500, 100_000),
    ("heif", 1_000, 100_000),
    ("bundles", 400, 20_000),
    ("originals", 1_000, 100_000),
)


@pytest.mark.parametrize(("target", "few", "many"), TARGETS, ids=[target[0] for target in TARGETS])
def test_nothing_breaks(target: str, few: int, many: int, long: bool, figures: Figures) -> None:
    count = many if long else few
    tally = drive(target, SEED, count, workers=2 if long else 1)
    figures.add_tally(tally)
    assert tally.failures == [], "\n\n".join(tally.failures)
    assert tally.tried == count
    assert len(tally.outcomes) > 1, f"the damage is too little, or too much: {tally.outcomes}"


def test_the_pictures_are_of_every_format_that_is_read() -> None:
    Image.init()
    # What makes a JPEG an MPO is found while it is opened as a JPEG.
    assert {name.split()[0].upper() for name in seeds()} == set(Image.OPEN) | {"MPO", "HEIC"}
