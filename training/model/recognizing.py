"""Pictures of an earlier training, recognized by their embeddings, though files were scaled, compressed or renamed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.embedding.embedder import Vectors
from shared.model.core_samples import CoreSamples, Nearest
from shared.model.remembered import Remembered

# Cosine distance up to which an embedding may be of a picture that was scaled and compressed again. Of 84 photographs
# at 0.8 of their size, as JPEG of quality 85, R-MAC moves 0.0013 in the median, 0.0027 for 95 % and 0.0073 at most; no
# two of them were nearer than 0.14 to one another.
_RECOMPRESSED = 1e-2

# Rounding.
_EQUAL = 1e-5


def recognize(known: Vectors, vectors: Vectors, others: Vectors | None = None) -> dict[int, int]:
    """Which of n pictures are known ones: row in `vectors`, shape (n, dimensions), to row in `known`.

    A picture is the known one that is nearest to it, if no other picture is nearer to that, and none of the `others`
    that are known, too, is nearer to the picture: of a series of photographs, none is taken for another.
    """
    if not len(known) or not len(vectors):
        return {}
    nearest = _nearest(known, vectors)
    rows, inverse = np.unique(nearest.clusters, return_inverse=True)
    limit = np.full(len(rows), _RECOMPRESSED, dtype=np.float32)
    np.minimum.at(limit, inverse, nearest.distances + np.float32(_EQUAL))
    same = np.flatnonzero(nearest.distances <= limit[inverse])
    if others is not None and len(others) and len(same):
        # Few are left by now, and the others may be as many as a model's core samples.
        same = same[nearest.distances[same] <= _nearest(others, vectors[same]).distances + np.float32(_EQUAL)]
    return {int(row): int(nearest.clusters[row]) for row in same}


def recognize_remembered[Entry: Remembered](
    entries: Sequence[Entry], vectors: Vectors, others: Vectors
) -> dict[int, Entry]:
    """The same for pictures that a person decided about."""
    if not entries:
        return {}
    found = recognize(np.stack([entry.embedding() for entry in entries]), vectors, others)
    return {row: entries[entry] for row, entry in found.items()}


def _nearest(known: Vectors, vectors: Vectors) -> Nearest:
    """By the row in `known`."""
    return CoreSamples(known, np.arange(len(known), dtype=np.int32), "cosine").nearest(vectors)
