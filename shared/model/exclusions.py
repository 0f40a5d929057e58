"""Pictures that a person removed from clusters.

Neither such a picture nor what is more like it is recognized as one of those: a cluster is no answer for an embedding
that is as near to the removed picture as to all of the cluster's core samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.model.remembered import Lookup, Remembered


class Excluded(Remembered):
    """A picture, and the clusters that it was removed from."""

    clusters: tuple[int, ...]


def find_excluded(entries: Sequence[Excluded], vectors: NDArray[np.float32]) -> dict[int, Excluded]:
    """Which of some pictures were removed, by their row in `vectors` (n, dimensions): copies of one were, too."""
    return Lookup(entries).find(vectors)


def counterexamples(entries: Sequence[Excluded]) -> dict[int, NDArray[np.float32]]:
    """By cluster, the embeddings of the pictures that were removed from it: shape (pictures, dimensions)."""
    found: dict[int, list[NDArray[np.float32]]] = {}
    for entry in entries:
        for cluster in entry.clusters:
            found.setdefault(cluster, []).append(entry.embedding())
    return {cluster: np.stack(vectors) for cluster, vectors in found.items()}
