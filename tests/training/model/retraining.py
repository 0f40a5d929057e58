"""Training again what a person has changed the labels of, on pictures that are embeddings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.embedding.pipeline import Vector
from shared.model.bundle import read_bundle, write_labels
from tests.training.model.blobs import EPS, blob, embedded, named
from training.model.build import Previous, Trained, build_model
from training.model.options import Options

type Pictures = Mapping[str, Vector]

OPTIONS = Options("books", eps=EPS)

BOOKS, MAPS = named("book", blob(1, 5)), named("map", blob(2, 4))
BOTH = {0: ("book",), 1: ("map",)}


def fit(
    folder: Path,
    pictures: Pictures,
    previous: Path | None = None,
    options: Options = OPTIONS,
    categories: Sequence[str] | None = None,
) -> Trained:
    before = Previous(read_bundle(previous), previous) if previous else None
    return build_model(embedded(pictures), options, folder, previous=before, categories=categories)


def group_of(trained: Trained, picture: str) -> int:
    return int(trained.clusters.labels[trained.embedded.names.index(picture)])


def label(folder: Path, **changes: object) -> None:
    """Change labels.json, as the naming page does."""
    write_labels(folder, read_bundle(folder).labels.model_copy(update=changes))
