"""`python -m training report`: write report.html again, for names that were changed by hand or pictures that moved."""

from __future__ import annotations

from shared.command_line.console import console, errors_in_words, escape, progress, say
from training.commands.options import ModelArgument, MovedPicturesOption


def run(
    bundle: ModelArgument,
    pictures: MovedPicturesOption = None,
) -> None:
    """Write the report of a trained model again: its groups, names and map on one page."""
    from shared.model.bundle import REPORT
    from training.model_lock import hold
    from training.report.writer import rewrite_report

    with errors_in_words(), hold(bundle, "writing its report"):
        rewrite_report(bundle, pictures, say, progress)
    console.print(f"[green]Wrote[/] {escape(str(bundle / REPORT))}")
