"""Core samples to clusters: which group a new embedding belongs to, and how surely.

An embedding belongs to the cluster of its nearest core sample, if that is within the cluster's radius.
Training places all other pictures by this same code, so training and serving agree on every picture.
A cluster may have counterexamples: what is as near to one of them as to the cluster is not of that cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared.model.shortlist import WORTHWHILE, Shortlist

Metric = Literal["cosine", "euclidean"]

NOISE = -1
"""The cluster id of whatever lies outside every cluster, as in scikit-learn."""

# Embeddings compared at a time, and products in memory at a time (16 MB): 100,000 against 100,000 need no n x m matrix,
# and the few pictures of a request still meet 100,000 core samples in one product.
_TARGETS = 1024
_BLOCK = 4_000_000
# Embeddings up to which a shortlist saves time, and the share of all core samples that is compared one by one at most:
# beyond either, a product with all of them is as fast.
_ASKED = 64
_FEW = 0.1


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each of n embeddings, its nearest core sample's cluster, near or far."""

    clusters: NDArray[np.int32]
    """Shape (n,)."""
    distances: NDArray[np.float32]
    """Shape (n,), in the metric's units: cosine distance 0 to 2, or Euclidean."""

    def within(self, limit: float | NDArray[np.float32]) -> NDArray[np.int32]:
        """The clusters, with NOISE wherever the distance exceeds the limit (a number, or one for each embedding)."""
        return np.where(self.distances <= limit, self.clusters, NOISE).astype(np.int32)


class CoreSamples:
    """The core samples of a trained model, ready to be asked for the nearest one."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        clusters: NDArray[np.int32],
        metric: Metric,
        counterexamples: Mapping[int, NDArray[np.float32]] | None = None,
    ) -> None:
        """vectors: shape (m, dimensions); clusters: shape (m,), ids from 0; counterexamples: (k, dimensions) by id."""
        if len(vectors) != len(clusters):
            raise ValueError(f"{len(vectors)} core samples with {len(clusters)} cluster ids: need one for each")
        self.metric: Metric = metric
        self.clusters = clusters
        self._vectors = comparable(vectors, metric)
        self._halves = _squares(self._vectors) / 2
        self._shortlist = Shortlist(self._vectors) if len(vectors) >= WORTHWHILE else None
        self._counterexamples = {
            cluster: CoreSamples(given, np.full(len(given), cluster, dtype=np.int32), metric)
            for cluster, given in (counterexamples or {}).items()
        }

    def nearest(self, vectors: NDArray[np.float32], among: NDArray[np.bool_] | None = None) -> Nearest:
        """The nearest core sample of each embedding; ties go to the first. `among` (m,) admits only some of them.

        A cluster with a counterexample that is as near is passed over for the next one. Where there is none to compare
        with, the cluster is NOISE and the distance infinite.
        """
        found = self._nearest_of_all(vectors, among)
        for cluster, counterexamples in self._counterexamples.items():
            rows = np.flatnonzero(found.clusters == cluster)
            refused = rows[counterexamples.nearest(vectors[rows]).distances <= found.distances[rows]]
            if refused.size:
                others = self.clusters != cluster
                again = self.nearest(vectors[refused], others if among is None else others & among)
                found.clusters[refused], found.distances[refused] = again.clusters, again.distances
        return found

    def distances_to(self, cluster: int, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of embeddings (n, dimensions) to a cluster's core samples, shape (n,): infinite where it has none."""
        return self._nearest_of_all(vectors, self.clusters == cluster).distances

    def _nearest_of_all(self, vectors: NDArray[np.float32], among: NDArray[np.bool_] | None) -> Nearest:
        """As `nearest`, whatever the counterexamples. The arrays are new ones."""
        if not (len(self._vectors) if among is None else among.any()):
            nothing = np.full(len(vectors), np.inf, dtype=np.float32)
            return Nearest(np.full(len(vectors), NOISE, dtype=np.int32), nothing)
        targets = comparable(vectors, self.metric)
        which = np.empty(len(targets), dtype=np.intp)
        distances = np.empty(len(targets), dtype=np.float32)
        for start in range(0, len(targets), _TARGETS):
            some = slice(start, start + _TARGETS)
            which[some] = self._nearest(targets[some], among)
            # The products lose digits where points nearly coincide; take the distance to the winner directly.
            distances[some] = distance(targets[some], self._vectors[which[some]], self.metric)
        return Nearest(self.clusters[which], distances)

    def _nearest(self, targets: NDArray[np.float32], among: NDArray[np.bool_] | None) -> NDArray[np.intp]:
        """Which core sample has the smallest |t - v|² for each target t: the largest tv - |v|²/2."""
        if self._shortlist is None or len(targets) > _ASKED:
            return self._nearest_by_products(targets, among)
        which = np.empty(len(targets), dtype=np.intp)
        everywhere = np.zeros(len(targets), dtype=np.bool_)
        for number, rows in enumerate(self._shortlist.of(targets, among)):
            if len(rows) > _FEW * len(self._vectors):
                everywhere[number] = True
            else:
                which[number] = rows[(self._vectors[rows] @ targets[number] - self._halves[rows]).argmax()]
        if everywhere.any():
            which[everywhere] = self._nearest_by_products(targets[everywhere], among)
        return which

    def _nearest_by_products(self, targets: NDArray[np.float32], among: NDArray[np.bool_] | None) -> NDArray[np.intp]:
        """As `_nearest`, compared with all of them."""
        most = np.full(len(targets), -np.inf, dtype=np.float32)
        which = np.zeros(len(targets), dtype=np.intp)
        for start in range(0, len(self._vectors), size := max(1, _BLOCK // len(targets))):
            block = slice(start, start + size)
            scores = targets @ self._vectors[block].T
            scores -= self._halves[block]
            if among is not None:
                scores[:, ~among[block]] = -np.inf
            best = scores.argmax(axis=1)
            found = scores[np.arange(len(targets)), best]
            better = found > most
            most[better], which[better] = found[better], best[better] + start
        return which


def comparable(vectors: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Vectors whose Euclidean order is the metric's order: unit length for cosine, unchanged for Euclidean."""
    if metric == "euclidean":
        return np.ascontiguousarray(vectors, dtype=np.float32)
    lengths = np.sqrt(_squares(vectors))[:, None]
    lengths[lengths == 0] = 1
    return np.ascontiguousarray(vectors / lengths, dtype=np.float32)


def distance(a: NDArray[np.float32], b: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Row-wise distance of comparable vectors, shape (n,). For unit vectors, |a - b|² / 2 is 1 - cos(a, b)."""
    squared = _squares(a - b)
    return squared * np.float32(0.5) if metric == "cosine" else np.sqrt(squared)


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.einsum("ij,ij->i", vectors, vectors)
