"""Pictures that VGG16, too, finds alike: the same noise at several sizes."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import noise_picture

EPS = 0.02
"""Copies are less than a tenth of this apart, different pictures more than twice as much (cosine, VGG16)."""


def near_copies(folder: Path, *, groups: int = 2, each: int = 4) -> Path:
    """Fill a folder with groups of near-copies, "a0.png" and on, "b0.png" and on, and one odd picture."""
    folder.mkdir(parents=True)
    for group in range(groups):
        for copy in range(each):
            noise_picture(group, (64 + 8 * copy, 48 + 6 * copy)).save(folder / f"{'abcdef'[group]}{copy}.png")
    noise_picture(99).save(folder / "odd.png")
    return folder
