"""`python -m training update`: new pictures come into a model whose groups stay as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from shared.command_line.console import console, count, errors_in_words, escape, progress, say
from training.commands.options import (
    EMBEDDINGS_ARE_KEPT,
    CategoriesOption,
    EngineOption,
    JsonOption,
    ModelArgument,
    SchedulerOption,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training.model.update import Updated


def run(
    bundle: ModelArgument,
    pictures: Annotated[
        str | None,
        typer.Argument(help="Folder or URL that holds the new pictures; by default, where the model's pictures are."),
    ] = None,
    categories: CategoriesOption = None,
    engine: EngineOption = "threads",
    scheduler: SchedulerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let new pictures join the groups and form new ones. Existing groups keep their pictures, names and ids."""
    from training.engine import open_engine
    from training.model.update import update

    with errors_in_words(EMBEDDINGS_ARE_KEPT), open_engine(engine, scheduler) as running:
        updated = update(bundle, pictures, categories=categories, engine=running, say=say, show=progress)
    if as_json:
        typer.echo(json.dumps(_summary(updated), indent=2))
    else:
        for line in _in_words(updated, bundle):
            say(line)


def _summary(updated: Updated) -> dict[str, object]:
    found = updated.extended
    return {
        "version": found.bundle.version,
        "new_pictures": found.pictures,
        "joined": {str(group): pictures for group, pictures in found.joined.items()},
        "new_groups": {str(group): list(pictures) for group, pictures in found.found.items()},
        "unclustered": found.unclustered,
        "train_again": updated.drifted,
        "skipped": dict(updated.skipped),
    }


def _in_words(updated: Updated, folder: Path) -> Iterator[str]:
    from training.pictures.skipped import skipped_in_words

    found = updated.extended
    yield from skipped_in_words(updated.skipped)
    if not found.pictures:
        yield "No new pictures: nothing to do"
        return
    for group, pictures in found.joined.items():
        names = ", ".join(found.bundle.labels.labels.get(group, ())) or "unnamed"
        yield f"Joined: {count(pictures, 'picture')} in group {group} ({names})"
    for group, central in found.found.items():
        yield f"New: group {group}, with {', '.join(central[:3])}"
    yield f"{count(found.pictures, 'new picture')}, {found.unclustered} of them in no group"
    console.print(f"[green]Wrote[/] {escape(str(folder))} (version {found.bundle.version})")
    if updated.drifted:
        yield (
            f"{updated.unclustered:.0%} of the new pictures are in no group, {updated.unclustered_before:.0%} of those "
            "before: it is worth training again on all of them with `python -m training train`"
        )
    if found.found:
        yield f"Next: name the new groups with `python -m training label {folder}`"
