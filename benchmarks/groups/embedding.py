"""Embeddings of a labelled folder, cached apart from those of training."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from benchmarks.groups.packages import CACHE
from shared.embedding.embedder import EmbedderSpec, Pooling, Vectors, open_embedder, pool
from shared.embedding.vgg16 import CHANNELS, WEIGHTS_SHA256
from shared.pictures.folder import find_pictures
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_pictures
from training.network.weights import GRAPH_SHA256, export_graph

MODELS = Path(__file__).parents[2] / "models"


def embed_labelled(folder: Path) -> tuple[Vectors, np.ndarray[tuple[int], np.dtype[np.str_]]]:
    """Flattened embeddings, from which all others can be had, and the label of each."""
    spec = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256, pooling="flatten")
    embedder = open_embedder(spec, export_graph(MODELS, print))
    with closing(EmbeddingCache(spec, CACHE / "embeddings.sqlite")) as cache:
        embedded = embed_pictures(find_pictures(folder), embedder, cache)
    return embedded.vectors, np.array([name.split("/")[0] for name in embedded.names])


def pooled(flat: Vectors, pooling: Pooling) -> Vectors:
    """What the embedder makes of the feature maps that were flattened."""
    side = round((flat.shape[1] / CHANNELS) ** 0.5)
    return pool(flat.reshape(len(flat), side, side, CHANNELS).transpose(0, 3, 1, 2), pooling)
