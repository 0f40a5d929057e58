"""How the search commands say what they found: tables and words on stderr, results on stdout."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.table import Table

from infra.search.clients import Clients
from infra.search.definitions import Definitions
from infra.search.queries import Answer, versions
from infra.search.relabel import Relabelled
from infra.search.runs import Run
from infra.search.skill import Skill, SkillError
from training.console import console, escape


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions of the model the documents carry."""

    counts: dict[str, int]
    current: str | None
    """What the skill serves now; None where it can't be asked."""

    @property
    def older(self) -> int:
        """Documents that another version than the current one answered."""
        return sum(count for version, count in self.counts.items() if self.current and version != self.current)


def read_versions(clients: Clients) -> Versions | None:
    """None for an index that does not keep versions (the simple variant)."""
    fields = clients.indexes.get_index(clients.settings.search_name_prefix).fields
    if "model_version" not in {field.name for field in fields}:
        return None
    current = None
    if clients.settings.skill_url:
        try:
            current = Skill(clients.settings, lambda: clients.login).ready().version
        except SkillError as error:
            console.print(f"[yellow]The current version is not known:[/] {escape(str(error))}")
    return Versions(versions(clients.documents), current)


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
    if not run.findings:
        return
    table = Table()
    for heading in ("", "Picture", "What", "Details"):
        table.add_column(heading, overflow="fold")
    for finding in run.findings:
        kind = "[red]error[/]" if finding.is_error else "[yellow]warning[/]"
        table.add_row(kind, escape(finding.file_name), escape(finding.what), escape(finding.details))
    console.print(table)
    if run.failed_documents:
        console.print("`run` reads the failed ones again; nothing else was lost")


def show_status(run: Run | None, found: Versions | None) -> None:
    if run is None:
        console.print("The indexer has not run yet")
    else:
        show_run(run)
    if found is None:
        return
    for version, count in found.counts.items():
        which = {None: "", version: " (current)"}.get(found.current, " (older: `relabel` or `reset` and `run`)")
        console.print(f"{count} documents by model version {escape(version)}{which}")


def print_status(run: Run | None, found: Versions | None) -> None:
    shown = {
        "run": asdict(run) if run else None,
        "versions": found.counts if found else None,
        "currentVersion": found.current if found else None,
        "olderDocuments": found.older if found and found.current else None,
    }
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


def show_relabelled(version: str, done: Relabelled) -> None:
    console.print(
        f"{done.changed} documents now carry the names of version {escape(version)}, {done.unchanged} had them"
    )
    if done.other_training:
        console.print(
            f"[yellow]{done.other_training} documents were answered by another training[/] and were left alone: "
            "`reset` and `run` read their pictures again"
        )
    if done.regrouped:
        console.print("Groups of this model were split or changed by hand: `reset` and `run` sort the pictures anew")
