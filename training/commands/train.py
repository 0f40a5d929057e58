"""`python -m training train`: pictures become a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from shared.command_line.console import console, count, errors_in_words, escape, flag, progress, say
from shared.embedding.embedder import Pooling, Precision
from shared.embedding.images import Resize
from shared.model.core_samples import Metric
from training.commands.options import (
    EMBEDDINGS_ARE_KEPT,
    EngineOption,
    JsonOption,
    NeighboursOption,
    PicturesArgument,
    SchedulerOption,
    neighbours_given,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.model.parts import Clustering
    from training.model.build import Trained
    from training.model.carry_over import Carried


_FARTHEST = 2  # cosine distance of opposite embeddings


def _eps(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither auto nor a number") from None
    if not 1e-9 <= value <= 1e9:  # kept as float32, and divided by
        raise typer.BadParameter("eps must lie between 1e-9 and 1e9")
    return value


def _check_eps(eps: float | None, metric: Metric) -> None:
    if metric == "cosine" and eps is not None and eps >= _FARTHEST:
        raise typer.BadParameter(f"at an eps of {_FARTHEST} and beyond all pictures are one group: give a smaller one")


def run(
    pictures: PicturesArgument,
    name: Annotated[str, typer.Option(help="The model's name.")],
    out: Annotated[Path, typer.Option(help="Folder of models; the model becomes a folder in it.")] = Path("models"),
    neighbours: NeighboursOption = "auto",
    eps: Annotated[
        str,
        typer.Option(
            help="DBSCAN's eps: [bold]auto[/] finds it from the pictures. A number sets it: a Jaccard distance with "
            "--neighbours, a distance between embeddings alone."
        ),
    ] = "auto",
    min_samples: Annotated[
        int, typer.Option(min=1, help="Pictures within eps of one another, itself included, that make a core sample.")
    ] = 3,
    metric: Annotated[Metric, typer.Option(help="How embeddings are compared.")] = "cosine",
    pooling: Annotated[Pooling, typer.Option(help="How VGG16's 7 x 7 feature map becomes a vector.")] = "rmac",
    resize: Annotated[
        Resize, typer.Option(help="How pictures are scaled; [bold]point[/] is the original sample's way.")
    ] = "antialias",
    precision: Annotated[
        Precision,
        typer.Option(help="What VGG16 computes in; [bold]int8[/] is faster, calibrated on the pictures and then kept."),
    ] = "float32",
    recalibrate: Annotated[
        bool,
        flag("--recalibrate", "Calibrate int8 again, instead of as the replaced model was."),
    ] = False,
    labels: Annotated[
        Path | None, typer.Option(help='Names by picture: {"open_book_03.jpg": ["open book", "double spread"]}.')
    ] = None,
    categories: Annotated[
        str | None,
        typer.Option(
            help="Train each category apart: [bold]folders[/] (the first folder of each picture is its category) or a "
            "CSV file with the columns picture and category."
        ),
    ] = None,
    carry: Annotated[bool, flag("--carry/--no-carry", "Keep the names of the model that is replaced.")] = True,
    engine: EngineOption = "threads",
    scheduler: SchedulerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find groups of similar pictures and write the model that recognizes them."""
    from training.engine import open_engine
    from training.model.names import read_names
    from training.model.options import Options
    from training.model.train import train

    chosen = _eps(eps)
    _check_eps(chosen, metric)
    options = Options(name, neighbours_given(neighbours), chosen, min_samples, metric, pooling, resize, precision)
    with errors_in_words(EMBEDDINGS_ARE_KEPT), open_engine(engine, scheduler) as running:
        trained = train(
            pictures,
            options,
            out,
            given_names=read_names(labels) if labels else None,
            categories=categories,
            carry=carry,
            recalibrate=recalibrate,
            engine=running,
            say=say,
            show=progress,
        )
    if as_json:
        typer.echo(json.dumps(_summary(trained), indent=2))
    else:
        _tell(trained)


def _summary(trained: Trained) -> dict[str, object]:
    manifest = trained.bundle.manifest
    return {
        "bundle": str(trained.folder),
        "version": trained.bundle.version,
        "clustering": manifest.clustering.model_dump(mode="json"),
        "embedder": manifest.embedder.model_dump(mode="json"),
        "counts": manifest.counts.model_dump(mode="json"),
        "sizes": trained.clusters.sizes(),
        "labels": {str(cluster): list(names) for cluster, names in trained.bundle.labels.labels.items()},
        "skipped": trained.embedded.skipped,
    }


def _tell(trained: Trained) -> None:
    from training.pictures.skipped import skipped_in_words

    for line in skipped_in_words(trained.embedded.skipped):
        say(line)
    console.print(_table(trained))
    manifest = trained.bundle.manifest
    console.print(
        f"{_distances(manifest.clustering)} {manifest.clustering.eps:.4g}, "
        f"min_samples {manifest.clustering.min_samples}, "
        f"pooling {manifest.embedder.pooling}, resize {manifest.embedder.resize}, {manifest.embedder.precision}"
    )
    for category, choice in trained.choices.items():
        say(f"Chosen{f' for {category}' if category else ''}: {choice.reason}")
    if trained.previous:
        for line in _history(trained.carried, trained.previous.bundle.labels.labels, trained.clusters.ids):
            say(line)
    labels = trained.bundle.labels
    unnamed = manifest.counts.clusters - len(labels.labels.keys() | set(labels.not_groups))
    where = escape(str(trained.folder))
    console.print(f"[green]Wrote[/] {where} (version {trained.bundle.version})")
    if unnamed:
        console.print(f"Next: name the {count(unnamed, 'unnamed group')} with `python -m training label {where}`")
    else:
        models = escape(str(trained.folder.parent))
        console.print(f"Next: serve it with `python -m local.host --store {models} --model {trained.folder.name}`")


def _distances(clustering: Clustering) -> str:
    if clustering.neighbours:
        return f"neighbours {clustering.neighbours} ({clustering.metric}), Jaccard eps"
    return f"neighbours 0, eps ({clustering.metric})"


def _table(trained: Trained) -> Table:
    counts, labels = trained.bundle.manifest.counts, trained.bundle.labels
    category_of = {
        cluster: category for category, clusters in trained.bundle.manifest.categories.items() for cluster in clusters
    }
    table = Table(title=f"The groups in {count(counts.pictures, 'picture')}: {counts.clusters}")
    table.add_column("Group", justify="right")
    if category_of:
        table.add_column("Category")
    table.add_column("Pictures", justify="right")
    table.add_column("Names")
    table.add_column("Most central pictures")
    for cluster, size in zip(trained.clusters.ids, trained.clusters.sizes(), strict=True):
        names = "not a group" if cluster in labels.not_groups else ", ".join(labels.labels.get(cluster, ()))
        central = ", ".join(labels.exemplars.get(cluster, ())[:3])
        category = [category_of[cluster]] if category_of else []
        table.add_row(*map(escape, (str(cluster), *category, str(size), names or "(unnamed)", central)))
    table.add_row("", *([""] if category_of else []), str(counts.unclustered), "(unclustered)", "")
    return table


def _history(carried: Carried, old_names: Mapping[int, tuple[str, ...]], ids: Sequence[int]) -> Iterator[str]:
    """What became of the groups of the model that was replaced."""

    def old(group: int) -> str:
        return f"{group} ({', '.join(old_names.get(group, ())) or 'unnamed'})"

    parts = {new for news in carried.split.values() for new in news}
    for new, ancestors in carried.ancestors.items():
        if len(ancestors) > 1:
            kept = ", ".join(carried.names.get(new, ())) or "no names"
            yield f"Merged: old groups {' and '.join(map(old, ancestors))} are now group {new}, which keeps {kept}"
        elif new not in parts:
            yield (
                f"Carried: group {old(new)}"
                if ancestors == [new]
                else (f"Carried: old group {old(ancestors[0])} is now group {new}")
            )
    for group, news in carried.split.items():
        yield f"Split: old group {old(group)} is now groups {' and '.join(map(str, news))}, each with its names"
    for new in sorted(set(ids) - carried.ancestors.keys()):
        yield f"New: group {new}"
    for group in carried.gone:
        yield f"Gone: old group {old(group)}"
    for out in carried.excluded:
        yield f"Still removed: {out.picture}, from group {' and '.join(map(str, out.clusters))}"
    for picture, reason in carried.forgotten.items():
        yield f"Not removed any more: {picture}, for {reason}"
    for picture in carried.lost:
        yield (
            f"Not known any more: {picture}, which you had put where it was, for it is not among the pictures under "
            "this name, and embeddings are made another way now"
        )
