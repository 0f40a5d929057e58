"""The map's names: above the middle of each group, largest groups first, and none on top of another.

Names keep their size when the map is zoomed, so that more of them find room: those are shown from a zoom on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

# In the map's units, at its whole. A system font's letters are about 0.55 of its size wide; names beyond the limit are
# cut. A name is lifted off the middle of its group, where a dot may be.
_LETTER, _LINE, _LIFT = 7.4, 16, 10
_LONGEST = 24

_ZOOMS = (1, 2, 4, 8)  # for which drawings.css and map_view.js have classes


@dataclass(frozen=True, slots=True)
class MapLabel:
    x: float
    y: float
    """Of the point that it lies above."""
    text: str
    colour: int
    zoom: int = 1
    """From which on it is shown."""


def lay_out(wanted: Iterable[MapLabel], width: float) -> list[MapLabel]:
    """The labels that can be shown, in order of preference; each is centred and kept within the width."""
    placed: list[MapLabel] = []
    left = [replace(label, text=_cut(label.text)) for label in wanted]
    for zoom in _ZOOMS:
        boxes = [_box(label, zoom) for label in placed]
        crowded: list[MapLabel] = []
        for label in left:
            half = len(label.text) * _LETTER / 2 / zoom
            x = min(max(label.x, half), width - half)
            shown = replace(label, x=x, y=max(label.y, (_LINE + _LIFT) / zoom), zoom=zoom)
            box = _box(shown, zoom)
            if any(_overlap(box, other) for other in boxes):
                crowded.append(label)
            else:
                boxes.append(box)
                placed.append(shown)
        left = crowded
    return placed


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


type _Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _box(label: MapLabel, zoom: int) -> _Box:
    half = len(label.text) * _LETTER / 2 / zoom
    bottom = label.y - _LIFT / zoom
    return label.x - half, bottom - _LINE / zoom, label.x + half, bottom


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
