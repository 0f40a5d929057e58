"""`python -m training report`: write report.html again, for names that were changed by hand or pictures that moved."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from shared.command_line.console import console, errors_in_words, escape, progress
from training.commands.options import MovedPicturesOption


def run(
    bundle: Annotated[Path, typer.Argument(help="The model's folder, such as models/books.")],
    pictures: MovedPicturesOption = None,
) -> None:
    """Write the report of a trained model again: its groups, names and map on one page."""
    from shared.model.bundle import REPORT

    with errors_in_words():
        rewrite(bundle, pictures)
    console.print(f"[green]Wrote[/] {escape(str(bundle / REPORT))}")


def rewrite(bundle: Path, pictures: str | None = None) -> None:
    """Replace a bundle's report.html. Raises a shared.errors.UserError that says what is missing."""
    from shared.model.bundle import read_manifest
    from training.embedding.cache import EmbeddingCache
    from training.model.gallery import open_gallery
    from training.report.writer import Report

    with closing(EmbeddingCache(read_manifest(bundle).embedder)) as cache:
        gallery = open_gallery(bundle, pictures, cache, lambda line: console.print(escape(line)), progress)
        Report(gallery).write(gallery.bundle.labels, gallery.bundle.version)
