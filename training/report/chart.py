"""Curves as SVG: small charts that share one horizontal axis, scaled and labelled here, drawn by the template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from training.report.cache import Curve

WIDTH = 720
_LEFT, _RIGHT, _TOP = 52, 16, 22
_PLOT_HEIGHT, _GAP = 84, 34
_BOTTOM = 34
# So many ticks that each can be read.
_X_TICKS, _Y_TICKS = 7, 3
_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    """In the drawing's units, along the tick's axis."""
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    top: float
    bottom: float
    points: str
    """For a polyline."""
    marker: float
    """Height of the curve at the chosen eps."""
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    height: float
    left: float
    right: float
    panels: tuple[Panel, ...]
    ticks: tuple[Tick, ...]
    chosen: float
    rows: tuple[tuple[str, ...], ...]
    """The same numbers for a table."""


def draw(curve: Curve, eps: float) -> Chart | None:
    """Draw how clusters, coverage and score change with eps, the chosen one marked. None for fewer than two points."""
    if len(curve.eps) < 2 or curve.eps[0] == curve.eps[-1]:
        return None
    xs = _scale(curve.eps, curve.eps[0], curve.eps[-1], _LEFT, WIDTH - _RIGHT)
    (chosen,) = _scale([eps], curve.eps[0], curve.eps[-1], _LEFT, WIDTH - _RIGHT)
    nearest = min(range(len(curve.eps)), key=lambda position: abs(curve.eps[position] - eps))
    shown: tuple[tuple[str, Sequence[float], bool], ...] = (
        ("Groups", curve.clusters, False),
        ("Pictures in a group", curve.coverage, True),
        ("Pictures in the largest group", curve.largest, True),
        ("Score (modularity): the higher, the better", curve.score, False),
    )
    panels: list[Panel] = []
    for number, (title, values, is_share) in enumerate(shown):
        top = _TOP + number * (_PLOT_HEIGHT + _GAP)
        panels.append(_panel(title, xs, values, nearest, top, is_share))
    return Chart(
        height=panels[-1].bottom + _BOTTOM,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        panels=tuple(panels),
        ticks=tuple(
            Tick(at, f"{value:.4g}")
            for value in _round_values(curve.eps[0], curve.eps[-1], _X_TICKS)
            for at in _scale([value], curve.eps[0], curve.eps[-1], _LEFT, WIDTH - _RIGHT)
        ),
        chosen=min(max(chosen, _LEFT), WIDTH - _RIGHT),
        rows=_rows(curve),
    )


def _panel(title: str, xs: Sequence[float], values: Sequence[float], nearest: int, top: float, is_share: bool) -> Panel:
    bottom = top + _PLOT_HEIGHT
    low, high = (0.0, 1.0) if is_share else (min(0.0, *values), max(*values, 0.0) or 1.0)
    ys = _scale(values, low, high, bottom, top)
    ticks = [0.0, 0.5, 1.0] if is_share else _round_values(low, high, _Y_TICKS)
    return Panel(
        title=title,
        top=top,
        bottom=bottom,
        points=_steps(xs, ys),
        marker=ys[nearest],
        ticks=tuple(
            Tick(at, f"{value:.0%}" if is_share else f"{value:.3g}")
            for value in ticks
            for at in _scale([value], low, high, bottom, top)
        ),
    )


def _steps(xs: Sequence[float], ys: Sequence[float]) -> str:
    """From point to point, level first: nothing changes between one eps of the curve and the next."""
    corners = [(xs[0], ys[0])]
    for x, before, after in zip(xs[1:], ys, ys[1:], strict=False):
        corners += [(x, before), (x, after)] if after != before else [(x, after)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _rows(curve: Curve) -> tuple[tuple[str, ...], ...]:
    every = -(-len(curve.eps) // _MOST_ROWS)
    columns = (curve.eps, curve.clusters, curve.coverage, curve.largest, curve.score)
    return tuple(
        (f"{eps:.4g}", str(clusters), f"{coverage:.0%}", f"{largest:.0%}", f"{score:.3f}")
        for eps, clusters, coverage, largest, score in list(zip(*columns, strict=True))[::every]
    )


def _scale(values: Sequence[float], low: float, high: float, start: float, end: float) -> list[float]:
    return [start + (value - low) / (high - low) * (end - start) for value in values]


def _round_values(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers within low to high: steps of 1, 2 or 5 times a power of ten (Heckbert, 1990)."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
