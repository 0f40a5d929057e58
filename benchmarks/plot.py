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
    """Both axes are logarithmic, so that a straight line is a power of n."""
    curves = [curve for section in sections for curve in section.curves]
    panels = list(dict.fromkeys(curve.panel for curve in curves))
    # Text as text, and ids that don't change from run to run: the picture is kept in version control.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cost", "font.size": 9}):
        figure = Figure(figsize=(4 * len(panels), 3.6), layout="constrained")
        for panel, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
            for curve in curves:
                if curve.panel == panel:
                    style = "--" if curve.name.endswith(_PLAIN) else "-"
                    axes.loglog(curve.sizes, curve.seconds, style, marker="o", markersize=3, label=curve.name)
            axes.set(title=panel, xlabel="pictures", ylabel="seconds")
            axes.grid(alpha=0.3)
            axes.legend(frameon=False, fontsize=8)
        figure.savefig(path, metadata={"Date": None})
