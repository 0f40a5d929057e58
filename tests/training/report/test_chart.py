"""Curves are drawn to scale, with round numbers at their axes."""

import pytest

from training.report.cache import Curve
from training.report.chart import WIDTH, draw


def curve(points: int, score: float = 1.0) -> Curve:
    shares = tuple(step / (points - 1) for step in range(points))
    return Curve(
        eps=tuple(0.1 + share for share in shares),
        clusters=tuple(range(points)),
        coverage=shares,
        largest=shares,
        score=tuple(score * share for share in shares),
    )


def test_curves_go_from_corner_to_corner() -> None:
    chart = draw(curve(5), 0.1)
    assert chart is not None
    for panel in chart.panels:
        points = [tuple(map(float, pair.split(","))) for pair in panel.points.split(" ")]
        assert points[0] == (chart.left, panel.bottom)
        assert points[-1] == (chart.right, panel.top)
    assert chart.chosen == chart.left
    assert chart.right < WIDTH
    assert chart.panels[-1].bottom < chart.height


def test_ticks_are_round_and_within_the_axis() -> None:
    chart = draw(curve(5), 0.6)
    assert chart is not None
    assert [tick.text for tick in chart.ticks] == ["0.2", "0.4", "0.6", "0.8", "1"]
    assert [tick.text for tick in chart.panels[0].ticks] == ["0", "2", "4"]
    assert [tick.text for tick in chart.panels[1].ticks] == ["0%", "50%", "100%"]
    for panel in chart.panels:
        assert all(panel.top <= tick.at <= panel.bottom for tick in panel.ticks)


@pytest.mark.parametrize("score", [0.0, -0.2, 1e-6, 3e5])
def test_any_score_has_a_scale(score: float) -> None:
    chart = draw(curve(9, score), 0.5)
    assert chart is not None
    panel = chart.panels[-1]
    heights = [float(pair.split(",")[1]) for pair in panel.points.split(" ")]
    assert all(panel.top <= height <= panel.bottom for height in heights)


def test_the_chosen_eps_stays_on_the_chart() -> None:
    chart = draw(curve(5), 7.0)
    assert chart is not None
    assert chart.chosen == chart.right


def test_one_point_makes_no_curve() -> None:
    assert draw(Curve(eps=(0.1,), clusters=(1,), coverage=(1,), largest=(1,), score=(0,)), 0.1) is None
    assert draw(Curve(eps=(), clusters=(), coverage=(), largest=(), score=()), 0.1) is None


def test_the_table_of_a_long_curve_is_thinned() -> None:
    chart = draw(curve(500), 0.5)
    assert chart is not None
    assert len(chart.rows) == 50
    assert chart.rows[0] == ("0.1", "0", "0%", "0%", "0.000")
