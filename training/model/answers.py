"""What pictures are answered before and after new groups stand beside a model's, compared with each group once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import Vectors
from shared.model.assigner import Assigned, Assigner
from shared.model.core_samples import NOISE


class Answers:
    """Rows are those of n pictures. A row is compared with the model's core samples when it is first asked for."""

    def __init__(self, model: Assigner, vectors: Vectors, categories: Sequence[str | None]) -> None:
        """vectors: shape (n, dimensions); `categories` are n."""
        self._model, self._vectors, self._categories = model, vectors, categories
        self._known = Assigned.nowhere(len(vectors))
        self._asked = np.zeros(len(vectors), dtype=np.bool_)

    def before(self, rows: NDArray[np.intp]) -> Assigned:
        """By the model as it is."""
        missing = rows[~self._asked[rows]]
        self._known.put(missing, self._of(self._model, missing))
        self._asked[missing] = True
        return self._known.of(rows)

    def unanswered(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether each of these rows is in no group of the model as it is."""
        return self.before(rows).clusters == NOISE

    def alone(self, groups: Assigner) -> Assigned:
        """All n by these groups alone."""
        return self._of(groups, np.arange(len(self._vectors)))

    def after(self, new: Assigned, rows: NDArray[np.intp]) -> Assigned:
        """By the model with groups that answer `new` alone: the nearest core sample is one of theirs, or as before."""
        known, found = self.before(rows), new.of(rows)
        nearer = ~known.decided & (found.distances < known.distances)
        return Assigned(
            np.where(nearer, found.clusters, known.clusters),
            np.where(nearer, found.near, known.near),
            np.where(nearer, found.distances, known.distances),
            known.decided,
        )

    def _of(self, assigner: Assigner, rows: NDArray[np.intp]) -> Assigned:
        return assigner.assign_each(self._vectors[rows], [self._categories[row] for row in rows.tolist()])
