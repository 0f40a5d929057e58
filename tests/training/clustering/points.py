"""Random points, and an eps for them that rounding can't move past a pair."""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances

from shared.embedding.embedder import Vectors
from shared.model.core_samples import Metric

METRICS: list[Metric] = ["cosine", "euclidean"]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 60)
min_samples = st.integers(1, 6)
shares = st.floats(0.02, 0.6)
"""Of the pairs of pictures, the share that lies within eps."""


def points(seed: int, count: int) -> Vectors:
    """A few blobs and what lies between them."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 6)) * 2
    return (centres[rng.integers(0, 4, count)] + rng.normal(size=(count, 6)) * rng.uniform(0.2, 1.5)).astype(np.float32)


def distances(vectors: Vectors, metric: Metric) -> NDArray[np.float64]:
    return pairwise_distances(vectors.astype(np.float64), metric=metric)


def pick_eps(vectors: Vectors, metric: Metric, share: float) -> float:
    """An eps that this share of the pairs is within, halfway to the next pair, so that rounding decides nothing."""
    ordered = np.unique(distances(vectors, metric)[np.triu_indices(len(vectors), 1)])
    assume(len(ordered) > 1)
    position = min(int(len(ordered) * share), len(ordered) - 2)
    assume(ordered[position + 1] - ordered[position] > 1e-5)
    return float(ordered[position : position + 2].mean())
