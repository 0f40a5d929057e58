"""Embeddings made up: groups of similar pictures whose cosine distances are known, without any picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from shared.embedding.embedder import Vectors
from shared.embedding.pipeline import Vector
from shared.embedding.vgg16 import CHANNELS
from training.embedding.embeddings import Embedded

EPS = 0.1
"""Pictures of one blob are about 0.01 apart (cosine), those of two about 1."""


def blob(centre: int, count: int, seed: int = 0) -> Vectors:
    """Embeddings of `count` pictures that are alike; another seed gives other pictures of the same group."""
    middle = np.random.default_rng(centre).normal(size=CHANNELS)
    noise = np.random.default_rng((centre, seed)).normal(size=(count, CHANNELS))
    return (middle + 0.1 * noise).astype(np.float32)


def bridge(centre: int, other: int) -> Vectors:
    """Pictures that lead from one blob to another in steps of 22.5 degrees, each within EPS (25.8 degrees) of the next.

    The first and the last lie in the blobs, whose centres are nearly at right angles: any two are in 512 dimensions.
    """
    start, end = (np.random.default_rng(each).normal(size=CHANNELS) for each in (centre, other))
    end -= start * (start @ end) / (start @ start)
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    angles = np.radians([0, 22.5, 45, 67.5, 90])[:, None]
    return (np.cos(angles) * start + np.sin(angles) * end).astype(np.float32)


def named(prefix: str, vectors: Vectors) -> dict[str, Vector]:
    return {f"{prefix}{number}.jpg": vector for number, vector in enumerate(vectors)}


def embedded(pictures: Mapping[str, Vector]) -> Embedded:
    return Embedded(tuple(pictures), np.stack(list(pictures.values())), {})
