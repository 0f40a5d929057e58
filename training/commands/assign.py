"""`python -m training assign`: label any amount of pictures with a trained model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from shared.command_line.console import console, errors_in_words, escape, flag, progress, say
from training.commands.options import EngineOption, ModelArgument, PicturesArgument, SchedulerOption

if TYPE_CHECKING:
    from shared.pictures.source import Source
    from training.assignment.assign import Row


def run(
    bundle: ModelArgument,
    pictures: PicturesArgument,
    format: Annotated[
        Literal["csv", "jsonl", "folders", "xmp"],
        typer.Option(
            help="A table, a JSON object a line, pictures sorted into a folder for each label, or XMP sidecars that "
            "photo programs read."
        ),
    ] = "csv",
    output: Annotated[
        Path | None,
        typer.Option(help="By default labels.csv, labels.jsonl, labels/ or sidecars/."),
    ] = None,
    placing: Annotated[
        Literal["link", "copy"], typer.Option(help="With folders: link to the pictures, or copy them.")
    ] = "link",
    categories: Annotated[
        str | None,
        typer.Option(
            help="For a model trained by category, each picture's, as for train: then only its category's groups count."
        ),
    ] = None,
    engine: EngineOption = "threads",
    scheduler: SchedulerOption = None,
    force: Annotated[bool, flag("--force", "Replace what is there.")] = False,
) -> None:
    """Label pictures offline, as the Function would. An interrupted run resumes where it stopped."""
    from shared.pictures.listing import list_pictures
    from shared.stores.graphs import graph_path
    from training.assignment.assign import assign_pictures, write_rows
    from training.assignment.sidecars import write_sidecars
    from training.assignment.sorting import sort_into_folders
    from training.embedding.cache import EmbeddingCache
    from training.embedding.workers import Workers
    from training.engine import open_engine
    from training.gallery.opening import open_trained
    from training.model.categories import find_categories
    from training.pictures.skipped import litter_in_words, skipped_in_words

    target = output or Path({"folders": "labels", "xmp": "sidecars"}.get(format, f"labels.{format}"))
    with (
        errors_in_words("The rows written so far are kept: run the same command again to resume."),
        open_engine(engine, scheduler) as running,
    ):
        listing = list_pictures(pictures)
        sources, skipped = listing.pictures, dict(listing.left_out)
        names = [source.name for source in sources]
        of_picture = dict(zip(names, find_categories(categories, names), strict=True)) if categories else None
        _, model = open_trained(bundle, say)
        workers = Workers(running, graph_path(bundle.parent, model.embedder.spec.graph_sha256))
        with closing(EmbeddingCache(model.embedder.spec)) as cache, progress("Labelling", len(sources)) as advance:

            def assign(some: Sequence[Source]) -> Iterator[Row]:
                for row in assign_pictures(model, some, cache, workers, of_picture):
                    if row.error:
                        skipped[row.picture] = row.error
                    yield row

            if format == "folders":
                tally = sort_into_folders(assign(sources), sources, target, placing, force=force, advance=advance)
            elif format == "xmp":
                tally = write_sidecars(assign(sources), target, of_picture, force=force, advance=advance)
            else:
                tally = write_rows(target, format, sources, assign, version=model.version, force=force, advance=advance)
    for line in (*litter_in_words(listing.litter), *skipped_in_words(skipped)):
        say(line)
    resumed = f", {tally.resumed} of them done before" if tally.resumed else ""
    console.print(
        f"{len(sources)} pictures{resumed}: {tally.labelled} in a group, {tally.unclustered} in none, "
        f"{tally.failed} that can't be read"
    )
    console.print(f"[green]Wrote[/] {escape(str(target))}")
