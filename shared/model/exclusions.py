"""Pictures that a person took out of clusters: kept by their embeddings, so that files may move and be called anything.

Neither such a picture nor what is more like it is recognized as one of those: a cluster is no answer for an embedding
that is as near to the removed picture as to all of the cluster's core samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shared.model.core_samples import NOISE, CoreSamples

# Cosine distance up to which two embeddings are of one picture. Other machines round differently, by some 1e-7; a
# picture that was scaled or compressed again moves 5e-4 on average.
_SAME = 1e-5


class Excluded(BaseModel):
    """One picture, as labels.json holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    picture: str
    clusters: tuple[int, ...]
    vector: bytes = Field(repr=False)
    """Its embedding, as the embedder made it: float32, little-endian. In the file in base64 (RFC 4648, section 5)."""

    def embedding(self) -> NDArray[np.float32]:
        """Shape (dimensions,)."""
        return np.frombuffer(self.vector, dtype="<f4").astype(np.float32)


def find_excluded(entries: Sequence[Excluded], vectors: NDArray[np.float32]) -> dict[int, Excluded]:
    """Which of some pictures were removed, by their row in `vectors` (n, dimensions): copies of one were, too."""
    if not entries:
        return {}
    embeddings = np.stack([entry.embedding() for entry in entries])
    samples = CoreSamples(embeddings, np.arange(len(entries), dtype=np.int32), "cosine")
    found = samples.nearest(vectors).within(_SAME)
    return {int(row): entries[int(found[row])] for row in np.flatnonzero(found != NOISE)}


def counterexamples(entries: Sequence[Excluded]) -> dict[int, NDArray[np.float32]]:
    """By cluster, the embeddings of the pictures that were removed from it: shape (pictures, dimensions)."""
    found: dict[int, list[NDArray[np.float32]]] = {}
    for entry in entries:
        for cluster in entry.clusters:
            found.setdefault(cluster, []).append(entry.embedding())
    return {cluster: np.stack(vectors) for cluster, vectors in found.items()}
