"""cost.svg: seconds against size, for everything that grows with the number of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.results import Section

_PLAIN = ("plain recipe", "scikit-learn")
"""What a curve's name ends with that is there to be compared with: drawn dashed."""


def draw(sections: Sequence[Section], path: Path) -> None:
    """A panel for each section that has curves; both axes logarithmic, so that a straight line is a power of n."""
    shown = [section for section in sections if section.curves]
    # Text as text, and ids that don't change from run to run: the picture is kept in version control.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cost", "font.size": 9, "axes.grid": True}):
        figure = Figure(figsize=(5 * len(shown), 4), layout="constrained")
        for section, axes in zip(shown, figure.subplots(1, len(shown), squeeze=False)[0], strict=True):
            for curve in section.curves:
                style = "--" if curve.name.endswith(_PLAIN) else "-"
                axes.loglog(curve.sizes, curve.seconds, style, marker="o", markersize=3, label=curve.name)
            axes.set(title=section.name.capitalize(), xlabel="pictures", ylabel="seconds")
            axes.grid(alpha=0.3)
            axes.legend(frameon=False, fontsize=8)
        figure.savefig(path, metadata={"Date": None})
