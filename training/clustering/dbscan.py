"""Exact DBSCAN of many points, in memory that does not grow with the number of neighbours.

Every pair is looked at once, in blocks of the upper triangle. A link between neighbours is followed as soon as both
are known to be core samples, and forgotten; until then it waits. A point not yet known to be one has fewer than
min_samples neighbours so far, so that fewer than n * min_samples links wait, even where one group holds everything and
a graph of all neighbours would have n² edges.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from shared.model.core_samples import NOISE, CoreSamples, Metric, Nearest, comparable
from training.clustering.blocks import Block, Part, Rule, link_parts
from training.engine import LOCAL, Call, Engine

# Points in a block: large enough that a block's product takes ten times as long as handing it out, small enough that
# its 4 MB of products stay in the cache.
_BLOCK = 1024
# Blocks in a task for another process: some tenth of a second of work, so that handing it out costs less than it.
_TOGETHER = 16


def core_clusters(
    vectors: NDArray[np.float32], *, eps: float, min_samples: int, metric: Metric, engine: Engine = LOCAL
) -> NDArray[np.int32]:
    """The cluster of each core sample among n vectors, shape (n,), numbered in the order of their first core samples.

    NOISE for all that are no core samples, whether a cluster reaches them or not. The same as scikit-learn's DBSCAN
    finds, but for pairs whose distance is eps to within rounding.
    """
    rule = Rule(eps, min_samples, metric)
    points = comparable(vectors, metric)
    halves = rule.halves(points).astype(np.float32)
    state = Joined(len(points), rule)
    # Two products at a time, one thread each, keep two cores busier than one product in two threads: what comes after
    # the product has one thread only.
    with threadpool_limits(1, user_api="blas"):
        tasks = _tasks(points, halves, state, 1 if engine.here else _TOGETHER)
        found = engine.run(tasks, list[Block], shared=[points, halves], ordered=False)
        state.add(itertools.chain.from_iterable(found))
    return state.clusters()


def nearest_core_samples(core: CoreSamples, vectors: NDArray[np.float32]) -> Nearest:
    """core.nearest(vectors), by every processor: in a quarter less time than by products in two threads."""
    with threadpool_limits(1, user_api="blas"):
        parts = Parallel(n_jobs=-1, require="sharedmem")(
            delayed(core.nearest)(vectors[start : start + _BLOCK]) for start in range(0, max(1, len(vectors)), _BLOCK)
        )
    found = cast("list[Nearest]", parts)
    return Nearest(
        np.concatenate([part.clusters for part in found]), np.concatenate([part.distances for part in found])
    )


def _tasks(points: NDArray[np.float32], halves: NDArray[np.float32], state: Joined, together: int) -> Iterator[Call]:
    """The blocks of the upper triangle, some at a time, with what is known when they are handed out."""
    starts = range(0, len(points), _BLOCK)
    for some in itertools.batched(itertools.combinations_with_replacement(starts, 2), together, strict=False):
        # Read once: joblib asks for tasks from another thread, and numbers from two states don't compare.
        component = state.component
        parts = {start: Part(start, component[start : start + _BLOCK]) for pair in some for start in pair}
        yield delayed(link_parts)(points, halves, [(parts[row], parts[column]) for row, column in some], state.rule)


class Joined:
    """What the blocks seen so far say about n points. They may come in any order."""

    def __init__(self, total: int, rule: Rule) -> None:
        self.rule = rule
        self.component = np.arange(total, dtype=np.int32)
        """Shape (n,): what each core sample is joined with; a number of its own for every other point."""
        self._neighbours = np.ones(total, dtype=np.int64)
        self._waiting: list[NDArray[np.int32]] = []

    def add(self, blocks: Iterable[Block]) -> None:
        """Count and join. As often as n links have come, they are followed, so that later blocks leave them out."""
        came = 0
        for block in blocks:
            self._neighbours[block.rows] += block.row_counts
            self._neighbours[block.columns] += block.column_counts
            self._waiting.append(block.links)
            came += block.links.shape[1]
            if came > len(self.component):
                self._follow()
                came = 0
        self._follow()

    def _follow(self) -> None:
        links = np.concatenate(self._waiting, axis=1)
        ready = self._core()[links].all(axis=0)
        starts, ends = self.component[links[:, ready]]
        total = len(self.component)
        graph = coo_array((np.ones(len(starts), dtype=np.bool_), (starts, ends)), shape=(total, total))
        self.component = connected_components(graph, directed=False)[1][self.component]
        self._waiting = [links[:, ~ready]]

    def _core(self) -> NDArray[np.bool_]:
        return self._neighbours >= self.rule.min_samples

    def clusters(self) -> NDArray[np.int32]:
        """What core_clusters returns, once every block was added."""
        core = self._core()
        _, first, which = np.unique(self.component[core], return_index=True, return_inverse=True)
        clusters = np.full(len(core), NOISE, dtype=np.int32)
        clusters[core] = first.argsort().argsort()[which]
        return clusters
