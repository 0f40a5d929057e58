"""Vectors whose groups are known, for the tests of this room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE

DIMENSIONS = 64


def kinds(*sizes: int, spread: float = 0.3, stragglers: int = 0) -> tuple[Vectors, NDArray[np.int32]]:
    """Pictures of several kinds and some of none: vectors as VGG16's, not negative, and the kind of each, or NOISE."""
    chance = np.random.default_rng(len(sizes))
    centres = chance.gamma(1, 1, (len(sizes), DIMENSIONS))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    pictures = centres[labels] * chance.gamma(1 / spread**2, spread**2, (len(labels), DIMENSIONS))
    odd = chance.gamma(0.3, 3, (stragglers, DIMENSIONS))
    return (
        np.concatenate([pictures, odd]).astype(np.float32),
        np.concatenate([labels, np.full(stragglers, NOISE)]).astype(np.int32),
    )


def blobs(*, seed: int, spread: float = 1.0) -> Vectors:
    """Two dozen groups of uneven size and density, some duplicates and stragglers: shape (about 300, 8)."""
    chance = np.random.default_rng(seed)
    parts = [
        chance.normal(chance.normal(0, 4, 8), spread * chance.uniform(0.3, 1.5), (chance.integers(2, 25), 8))
        for _ in range(24)
    ]
    parts += [chance.normal(0, 8, (20, 8)), parts[0][:5], parts[0][:5], parts[1][:1].repeat(4, axis=0)]
    return np.concatenate(parts).astype(np.float32)


def grid() -> Vectors:
    """Points at whole numbers, with holes and copies: nothing but ties, and every distance exact. Shape (n, 2)."""
    points = np.stack(np.meshgrid(np.arange(14), np.arange(14)), axis=-1).reshape(-1, 2).astype(np.float32)
    chosen = points[np.random.default_rng(3).random(len(points)) < 0.7]
    return np.concatenate([chosen, chosen[::5], chosen[::7]])


def partition(labels: NDArray[np.int32]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == cluster).tolist()) for cluster in set(labels.tolist()) - {NOISE}}
