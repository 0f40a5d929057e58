"""The page that shows how eps was chosen, without a model: curves, the choice, the numbers."""

from __future__ import annotations

from training.clustering.choice import Choice
from training.report.cache import note_choices
from training.report.chart import WIDTH, draw
from training.report.templates import digest, page_style, template


def render_eps(choice: Choice) -> bytes:
    """A self-contained HTML page."""
    (noted,) = note_choices({"": choice})
    style = page_style()
    page = template("eps.html").render(
        choice=noted,
        chart=draw(noted.curve, noted.eps),
        width=WIDTH,
        style=style,
        style_hash=digest(style),
    )
    return page.encode()
