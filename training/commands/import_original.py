"""`python -m training import-original`: the original sample's pickles become a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from shared.command_line.console import console, count, errors_in_words, escape
from shared.stores.graphs import graph_path

if TYPE_CHECKING:
    from training.original.import_original import Imported


def run(
    model: Annotated[Path, typer.Argument(help="What the original's training saved, such as books.pkl.")],
    name: Annotated[str, typer.Option(help="The model's name.")],
    labels: Annotated[Path | None, typer.Argument(help="Its label file, such as labels.pkl.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of models; the model becomes a folder in it.")] = Path("models"),
) -> None:
    """Turn a model of the original sample into one that this skill serves. Nothing in the files is executed."""
    from training.original.import_original import import_original

    with errors_in_words():
        imported = import_original(model, labels, name, out / name)
    _tell(imported, out / name, model, labels)


def _tell(imported: Imported, folder: Path, model: Path, labels: Path | None) -> None:
    manifest, names = imported.bundle.manifest, imported.bundle.labels.labels
    counts, clustering = manifest.counts, manifest.clustering
    saved_by = f", saved by scikit-learn {version}" if (version := imported.original.scikit_learn) else ""
    console.print(f"Read {escape(str(model))}: a DBSCAN model{saved_by}; nothing in it was executed")
    table = Table(title=f"{count(counts.clusters, 'group')} in {count(counts.pictures, 'picture')}")
    for heading in ("Group", "Pictures", "Core samples", "Names"):
        table.add_column(heading, justify="left" if heading == "Names" else "right")
    core = imported.bundle.arrays.clusters
    for cluster in range(counts.clusters):
        sizes = ((imported.original.clusters == cluster).sum(), (core == cluster).sum())
        table.add_row(str(cluster), *map(str, sizes), escape(", ".join(names.get(cluster, ())) or "(unnamed)"))
    table.add_row("", str(counts.unclustered), "", "(unclustered)")
    console.print(table)
    console.print(f"eps {clustering.eps:.4g} ({clustering.metric}), min_samples {clustering.min_samples}, as they were")
    for cluster, given in imported.left_out.items():
        console.print(f"[yellow]Left out:[/] {escape(', '.join(given))}: this model has no group {cluster}")
    if labels is None:
        console.print("[yellow]No names:[/] give the label file as second argument to carry them over")
    console.print(f"[green]Wrote[/] {escape(str(folder))} (version {imported.bundle.version})")
    if not graph_path(folder.parent, manifest.embedder.graph_sha256).exists():
        console.print(f"Next: get VGG16 with `python -m training weights --out {escape(str(folder.parent))}`")
    console.print(
        f"Next: serve it with `python -m local.host --store {escape(str(folder.parent))} --model {escape(folder.name)}`"
    )
