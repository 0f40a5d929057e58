"""`python -m training publish`: a trained and named model goes into service."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.command_line.console import console, errors_in_words, escape, progress, say
from shared.errors import UserError
from shared.stores.base import RoleError, Store
from training.commands.options import JsonOption, ModelArgument
from training.commands.store_options import DEFAULT_STORE, STORE_HELP, show, store_at

if TYPE_CHECKING:
    from training.release.publishing import Move

# A role that a deployment has just given takes minutes to be known everywhere.
_ROLE_SECONDS = 600.0
_PAUSE_SECONDS = 10.0


def run(
    bundle: ModelArgument,
    to: Annotated[str, typer.Option("--to", envvar="MODEL_STORE", help=STORE_HELP)] = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Put a model into a store and make it the version that is served, with its report as it is now."""
    from training.model_lock import hold

    with errors_in_words(), hold(bundle, "publishing"):
        _refresh_report(bundle)
        move = _publish(store_at(to), bundle)
    if as_json:
        typer.echo(json.dumps(asdict(move), indent=2))
    elif move.previous == move.version:
        console.print(f"{move.name} {move.version} is current already: nothing to do")
    elif move.previous:
        console.print(f"[green]Published[/] {move.name} {move.version}, before it {move.previous}")
        console.print("Workers that serve it change over within MODEL_REFRESH_SECONDS; `rollback` goes back")
    else:
        console.print(f"[green]Published[/] {move.name} {move.version}")
        console.print(f"Next: serve it with `python -m local.host --store {escape(to)} --model {move.name}`")


def _publish(store: Store, bundle: Path) -> Move:
    """Publish; where a role is missing, wait for it: publishing takes up what was interrupted."""
    from training.release.publishing import publish

    until = time.monotonic() + _ROLE_SECONDS
    told = False
    while True:
        try:
            return publish(store, bundle, show)
        except RoleError as error:
            if time.monotonic() > until:
                raise
            if not told:
                console.print(f"{escape(str(error))}. Trying again for {_ROLE_SECONDS:.0f} s, if the role is new")
                told = True
            time.sleep(_PAUSE_SECONDS)


def _refresh_report(bundle: Path) -> None:
    """Rewrite report.html if names changed since; if that fails, say so and leave it out."""
    from shared.model.bundle import REPORT, read_bundle
    from training.report.version import reported_version
    from training.report.writer import rewrite_report

    if reported_version(bundle) in {None, read_bundle(bundle).version}:
        return
    try:
        rewrite_report(bundle, None, say, progress)
        console.print(f"Rewrote {REPORT}: it showed other names")
    except UserError as error:
        console.print(
            f"[yellow]Left out {REPORT}[/], which shows other names and can't be rewritten: {escape(str(error))}. "
            f"To publish it too, first run `python -m training report {escape(str(bundle))} --pictures FOLDER`"
        )
