"""How the search commands show what they found: tables and messages on stderr, results on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import typer
from rich.table import Table

from infra.search.definitions import Definitions
from infra.search.drift import Drifting
from infra.search.queries import Answer
from infra.search.relabel import Relabelled
from infra.search.runs import Finding, Run
from infra.search.status import Status
from shared.command_line.console import console, escape


def write_definitions(definitions: Definitions, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, definition in definitions.items():
        (folder / f"{kind}.json").write_text(json.dumps(definition, indent=2, ensure_ascii=False) + "\n")


def show_run(run: Run) -> None:
    started = f" of {run.started:%Y-%m-%d %H:%M:%S}" if run.started else ""
    console.print(
        f"Run{started}: {escape(run.status)}, {run.processed} documents read, {run.failed} of them failed"
        + (f": {escape(run.message)}" if run.message else "")
    )
    show_findings(run.findings)


def show_findings(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    table = Table()
    for heading in ("", "Picture", "What", "Details"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        kind = "[red]error[/]" if finding.is_error else "[yellow]warning[/]"
        table.add_row(kind, escape(finding.file_name), escape(finding.what), escape(finding.details))
    console.print(table)


def show_status(status: Status) -> None:
    if status.run is None:
        console.print("The indexer has not run yet")
    else:
        lacking = {finding.document for finding in status.missing}
        rest = [finding for finding in status.run.findings if finding.document not in lacking]
        show_run(replace(status.run, findings=rest))
    if status.missing:
        console.print(
            f"Pictures that the index lacks, or holds as they were: {len(status.missing)}. `run` tries them again"
        )
        show_findings(status.missing)
    for version, count in (status.versions or {}).items():
        which = " (current)" if version == status.current else " (older: `relabel`, or `rebuild`)"
        console.print(f"{count} documents by model version {escape(version)}{which if status.current else ''}")
    if status.drifting:
        _show_drifting(status.drifting)


def _show_drifting(groups: Sequence[Drifting]) -> None:
    table = Table()
    for heading in ("Group", "Id", "Pictures", "Share when trained", "Share now", "Distance in radii"):
        table.add_column(heading, overflow="fold")
    for one in groups:
        edge = "" if one.edge is None else f"{one.edge:.2f}"
        table.add_row(escape(one.name), str(one.id), one.what, f"{one.trained:.1%}", f"{one.now:.1%}", edge)
    console.print(table)
    console.print(
        "These groups drift from what the model was trained on. Stranger pictures: `python -m training update` with "
        "them, or train anew. Fewer: look with `python -m training discover` for what the pictures have become"
    )


def print_status(status: Status) -> None:
    shown = asdict(status) | {"older": status.older}
    typer.echo(json.dumps(shown, indent=2, default=str))


def print_answer(asked: str, answer: Answer) -> None:
    for hit in answer.hits:
        typer.echo("\t".join(["hit", asked, hit.file_name, ", ".join(hit.label)]))
    for name, counts in answer.facets.items():
        for value, count in counts.items():
            typer.echo("\t".join(["facet", name, value, str(count)]))
    console.print(f"{len(answer.hits)} of {answer.count} pictures")


def print_answer_json(answer: Answer) -> None:
    typer.echo(json.dumps(asdict(answer), indent=2, ensure_ascii=False))


def show_relabelled(version: str, done: Relabelled, recognized: int) -> None:
    console.print(
        f"{done.changed} documents now carry the names of version {escape(version)}, {done.unchanged} had them"
    )
    if recognized:
        console.print(f"{recognized} documents that were in no group have one now, by their vectors")
    if done.other_training:
        console.print(
            f"[yellow]{done.other_training} documents were answered by another training[/] and were left alone: "
            "`rebuild` reads their pictures again"
        )
    if done.regrouped:
        console.print("Groups of this model were split or changed by hand: `rebuild` sorts the pictures anew")
