"""`python -m training discover`: new groups among pictures that are in none, for a person to accept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from shared.command_line.console import console, count, errors_in_words, escape, flag, progress, say
from training.commands.options import (
    EMBEDDINGS_ARE_KEPT,
    CategoriesOption,
    EngineOption,
    JsonOption,
    ModelArgument,
    SchedulerOption,
)
from training.commands.store_options import DEFAULT_STORE, StoreOption, store_at

if TYPE_CHECKING:
    from shared.model.met import Met
    from training.model.extend import Extended


def run(
    bundle: ModelArgument,
    source: Annotated[
        str | None,
        typer.Argument(help="Folder or URL that holds the pictures; by default, where the model's pictures are."),
    ] = None,
    index: Annotated[
        bool, flag("--index", "Take what is in no group from the search index, with its vectors: nothing is embedded.")
    ] = False,
    record: Annotated[
        bool, flag("--record", "Take what the Function recorded beside the models, where RECORD_UNCLUSTERED is set.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    categories: CategoriesOption = None,
    engine: EngineOption = "threads",
    scheduler: SchedulerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose groups among unclustered pictures. They answer nothing until somebody accepts them on the page."""
    from training.engine import open_engine
    from training.model.discover import discover_met
    from training.model.update import update
    from training.pictures.skipped import skipped_in_words

    if (source is not None) + index + record > 1:
        raise typer.BadParameter("give one of a folder or container, --index and --record")
    with errors_in_words(EMBEDDINGS_ARE_KEPT), open_engine(engine, scheduler) as running:
        if index or record:
            found = discover_met(bundle, _indexed() if index else _recorded(bundle, store), running)
        else:
            updated = update(
                bundle, source, categories=categories, propose=True, engine=running, say=say, show=progress
            )
            for line in skipped_in_words(updated.skipped):
                say(line)
            found = updated.extended
    if as_json:
        typer.echo(json.dumps(_summary(found), indent=2))
    else:
        for line in _in_words(found, bundle):
            say(line)


def _indexed() -> Met:
    """What the index has in no group, asked of the search commands: neither knows the other's code."""
    from training.model.discover import read_met

    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "met.json"
        command = [sys.executable, "-m", "infra.search", "unclustered", str(path)]
        if status := subprocess.run(command, check=False).returncode:  # it said why
            raise typer.Exit(status)
        return read_met(path)


def _recorded(folder: Path, location: str) -> Met:
    from shared.model.bundle import read_bundle
    from training.model.discover import recorded_met

    manifest = read_bundle(folder).manifest
    return recorded_met(store_at(location), manifest.name, manifest.embedder)


def _summary(found: Extended) -> dict[str, object]:
    return {
        "version": found.bundle.version,
        "pictures": found.pictures,
        "known_groups": {str(group): pictures for group, pictures in found.joined.items()},
        "proposed": {str(group): list(pictures) for group, pictures in found.members.items()},
        "unclustered": found.unclustered,
    }


def _in_words(found: Extended, folder: Path) -> Iterator[str]:
    if known := sum(found.joined.values()):
        yield f"{count(known, 'picture')} would be in groups that there are: `update` brings them in"
    for group, central in found.found.items():
        yield f"Proposed: group {group}, {count(len(found.members[group]), 'picture')} like {', '.join(central[:3])}"
    if not found.found:
        yield f"No new groups in {count(found.pictures, 'picture')} that the model does not know"
        return
    console.print(f"[green]Wrote[/] {escape(str(folder))} (version {found.bundle.version})")
    yield f"Next: accept them, or not, with `python -m training label {folder}`"
