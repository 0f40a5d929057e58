"""`python -m training train`: a folder of pictures becomes a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from shared.clusters import Metric
from shared.embedder import Pooling
from shared.images import Resize
from training.console import console, errors_in_words, escape, progress

if TYPE_CHECKING:
    from training.train import Trained


def _eps(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither auto nor a number") from None
    if not value > 0:
        raise typer.BadParameter("eps must be above 0")
    return value


def run(
    pictures: Annotated[Path, typer.Argument(help="Folder of pictures; subfolders are included.")],
    name: Annotated[str, typer.Option(help="The model's name.")],
    out: Annotated[Path, typer.Option(help="Folder of models; the model becomes a folder in it.")] = Path("models"),
    eps: Annotated[
        str, typer.Option(help="DBSCAN's eps: [bold]auto[/] finds it from the pictures, a number sets it.")
    ] = "auto",
    min_samples: Annotated[
        int, typer.Option(min=1, help="Pictures within eps of one another, itself included, that make a core sample.")
    ] = 3,
    metric: Annotated[Metric, typer.Option(help="How embeddings are compared.")] = "cosine",
    pooling: Annotated[Pooling, typer.Option(help="How VGG16's 7 x 7 feature map becomes a vector.")] = "avg",
    resize: Annotated[
        Resize, typer.Option(help="How pictures are scaled; [bold]point[/] is the original sample's way.")
    ] = "antialias",
    labels: Annotated[
        Path | None, typer.Option(help='Names by picture: {"open_book_03.jpg": ["open book", "double spread"]}.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Find groups of alike pictures and write the model that recognizes them."""
    from shared.embedder import open_embedder
    from training.dataset import find_pictures
    from training.embedding_cache import EmbeddingCache
    from training.embeddings import embed_pictures
    from training.names import read_names
    from training.train import Options, train
    from training.weights import export_graph

    options = Options(name, _eps(eps), min_samples, metric, pooling, resize)
    with errors_in_words():
        given_names = read_names(labels) if labels else None
        sources = find_pictures(pictures)
        graph = export_graph(out, lambda line: console.print(escape(line)))
        embedder = open_embedder(options.spec(), graph)
        with progress("Embedding", len(sources)) as advance:
            embedded = embed_pictures(sources, embedder, EmbeddingCache(options.spec()), advance)
        trained = train(embedded, options, out / name, given_names)
    if as_json:
        typer.echo(json.dumps(_summary(trained, out / name), indent=2))
    else:
        _tell(trained, out / name)


def _summary(trained: Trained, folder: Path) -> dict[str, object]:
    manifest = trained.bundle.manifest
    return {
        "bundle": str(folder),
        "version": trained.bundle.version,
        "clustering": manifest.clustering.model_dump(mode="json"),
        "embedder": manifest.embedder.model_dump(mode="json"),
        "counts": manifest.counts.model_dump(mode="json"),
        "sizes": trained.clusters.sizes(),
        "labels": {str(cluster): list(names) for cluster, names in trained.bundle.labels.labels.items()},
        "skipped": trained.embedded.skipped,
    }


def _tell(trained: Trained, folder: Path) -> None:
    bundle = trained.bundle
    counts, clustering, labels = bundle.manifest.counts, bundle.manifest.clustering, bundle.labels
    for picture, reason in trained.embedded.skipped.items():
        console.print(f"[yellow]Skipped[/] {escape(picture)}: {escape(reason)}")
    table = Table(title=f"{counts.clusters} groups in {counts.pictures} pictures")
    for heading in ("Group", "Pictures", "Names", "Most central pictures"):
        table.add_column(heading, justify="right" if heading == "Pictures" else "left")
    for cluster, size in enumerate(trained.clusters.sizes()):
        names = ", ".join(labels.labels.get(cluster, ())) or "(unnamed)"
        table.add_row(str(cluster), str(size), escape(names), escape(", ".join(labels.exemplars[cluster][:3])))
    table.add_row("", str(counts.unclustered), "(unclustered)", "")
    console.print(table)
    chosen = f", chosen: {trained.eps_reason}" if trained.eps_reason else ""
    console.print(
        f"eps {clustering.eps:.4g} ({clustering.metric}{chosen}), min_samples {clustering.min_samples}, "
        f"pooling {bundle.manifest.embedder.pooling}, resize {bundle.manifest.embedder.resize}"
    )
    console.print(f"[green]Wrote[/] {folder} (version {bundle.version})")
    console.print(f"Next: serve it with `MODEL_STORE={folder.parent} MODEL_NAME={folder.name} make serve`")
