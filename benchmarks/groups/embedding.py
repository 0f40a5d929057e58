"""Embeddings of labelled sets, cached apart from those of training: a set is fetched and embedded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.groups.packages import CACHE, UnavailableError
from benchmarks.groups.sets import LabelledSet, prepare
from shared.embedding.embedder import EmbedderSpec, Pooling, Vectors, open_embedder, pool
from shared.embedding.vgg16 import CHANNELS, WEIGHTS_SHA256
from shared.pictures.folder import find_pictures
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_pictures
from training.network.weights import GRAPH_SHA256, export_graph

MODELS = Path(__file__).parents[2] / "models"


def available(sets: Iterable[LabelledSet], pooling: Pooling) -> Iterator[tuple[LabelledSet, Vectors, NDArray[np.str_]]]:
    """Those sets that can be had on this machine, with embeddings and labels. What is left out is printed."""
    for one in sets:
        try:
            flat, labels = embedded(one.name, partial(prepare, one))
        except UnavailableError as error:
            print(f"{one.name} left out: {error}")
            continue
        yield one, pooled(flat, pooling), labels


def embedded(name: str, make: Callable[[], Path]) -> tuple[Vectors, NDArray[np.str_]]:
    """Flattened embeddings, from which all others can be had, and the label of each. `make` gives their folder."""
    kept = CACHE / "embedded" / f"{name}.npz"
    if not kept.exists():
        vectors, labels = embed_labelled(make())
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, vectors=vectors, labels=labels)
    with np.load(kept) as found:
        return found["vectors"], found["labels"]


def embed_labelled(folder: Path) -> tuple[Vectors, NDArray[np.str_]]:
    """The same of a folder, one subfolder a kind, without keeping them."""
    spec = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256, pooling="flatten")
    embedder = open_embedder(spec, export_graph(MODELS, print))
    with closing(EmbeddingCache(spec, CACHE / "embeddings.sqlite")) as cache:
        embedded = embed_pictures(find_pictures(folder), embedder, cache)
    return embedded.vectors, np.array([name.split("/")[0] for name in embedded.names])


def pooled(flat: Vectors, pooling: Pooling) -> Vectors:
    """What the embedder makes of the feature maps that were flattened."""
    side = round((flat.shape[1] / CHANNELS) ** 0.5)
    return pool(flat.reshape(len(flat), side, side, CHANNELS).transpose(0, 3, 1, 2), pooling)
