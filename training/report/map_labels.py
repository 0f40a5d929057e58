"""The map's names: beside the middle of each group, largest groups first, and none on top of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# In the map's units. A system font's letters are about 0.55 of its size wide; names beyond the limit are cut.
_LETTER, _LINE = 7.4, 16
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class MapLabel:
    x: float
    y: float
    text: str
    colour: int


def lay_out(wanted: Iterable[MapLabel], width: float) -> list[MapLabel]:
    """The labels that can be shown, in order of preference; each is centred and kept within the width."""
    placed: list[MapLabel] = []
    boxes: list[tuple[float, float, float, float]] = []
    for label in wanted:
        text = label.text if len(label.text) <= _LONGEST else label.text[: _LONGEST - 1] + "…"
        half = len(text) * _LETTER / 2
        x = min(max(label.x, half), width - half)
        y = max(label.y, _LINE)
        box = (x - half, y - _LINE, x + half, y)
        if not any(_overlap(box, other) for other in boxes):
            boxes.append(box)
            placed.append(MapLabel(x, y, text, label.colour))
    return placed


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
