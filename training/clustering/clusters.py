"""Groups of pictures: DBSCAN's core samples, and whatever is near enough to them, as serving has it.

DBSCAN leaves a border point with whichever cluster reaches it first (Ester et al., 1996, section 4.1). Serving takes
the nearest core sample, if it is within its cluster's radius, so training does too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, CoreSamples, Metric, Nearest
from training.clustering.choice import FEWEST, Choice, NoGroupsError, choose, distances_of
from training.clustering.copies import folded
from training.clustering.dbscan import Grouped, by_embeddings, by_graph, numbers_of, within
from training.clustering.lasting import lasting_groups
from training.clustering.neighbours import EXACT, Neighbours, Points, centred, distinct, nearest_neighbours
from training.clustering.radius import measure_closeness
from training.clustering.sweep import Sweep
from training.clustering.thinning import THINNED_FROM, thinned
from training.engine import LOCAL, Engine

# Nearest neighbours looked for: more than any number that is tried.
_LISTED = 30
# The same for plain DBSCAN, whose choice of eps needs longer lists: with 44 of each, its groups of 4,500 pictures were
# the same at every eps tried as with all 4,538.
_LISTED_PLAIN = 100
# Where groups hardly set themselves apart, the pictures of each have to be so much nearer to one another. Of 120
# collections of 8 to 24 unrelated pictures 22 keep groups (37 with 0.85), and of 120 of 3 or 4 kinds with 6 or 12
# pictures each none loses all (`python -m benchmarks.groups.unrelated`). On 192 such ones with unseen pictures it costs
# .006 of the index and .01 of those named right. Larger collections of kinds are hardly ever weak.
_DOUBTED = 0.7
# Pictures compared with core samples at a time, by each processor.
_TOGETHER = 1024


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to find groups; None for what is to be chosen from the pictures."""

    neighbours: int | None = None
    """How many of each picture's count; 0 is plain DBSCAN on the embeddings, and so is an eps given alone."""
    eps: float | None = None
    min_samples: int = 3
    metric: Metric = "cosine"
    loosest: float = math.inf
    """A group whose pictures are typically further from one another is not a group, in the metric's units."""
    fine: bool = False
    """Instead of the groups at one eps, those that last longest up to it; not in plain DBSCAN."""

    @property
    def plain(self) -> bool:
        return self.neighbours == 0 or (self.neighbours is None and self.eps is not None)


@dataclass(frozen=True, slots=True)
class Clusters:
    """The groups among n pictures; arrays have shape (n,), but for the last two."""

    labels: NDArray[np.int32]
    """Cluster of each picture, numbered from 0 in order of their first core samples or by its id, or NOISE."""
    core: NDArray[np.bool_]
    """The core samples that serving compares with: DBSCAN's, or those that thinning kept of them."""
    distances: NDArray[np.float32]
    """To the nearest core sample; 0 for core samples; infinite where there is no core sample at all."""
    radius: NDArray[np.float32]
    """By cluster, the distance up to which a picture is of the cluster of its nearest core sample; 0 if none."""
    reach: NDArray[np.float32]
    """By cluster, the distance up to which it is suggested for a near miss; at least its radius."""

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def ids(self) -> list[int]:
        return np.flatnonzero(self.radius).tolist()

    def sizes(self) -> list[int]:
        """Pictures in each cluster, in order of the ids."""
        return np.bincount(self.labels[self.labels != NOISE], minlength=len(self.radius))[self.ids].tolist()

    def shares(self, pictures: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The share of each cluster that is among some pictures, given as shape (n,): shape (count,)."""
        inside = self.labels != NOISE
        some, every = (np.bincount(self.labels[of], minlength=self.count) for of in (inside & pictures, inside))
        return some / every

    def only(self, kept: NDArray[np.bool_]) -> Clusters:
        """Without some of the clusters, `kept` of shape (count,); the others are numbered on from 0."""
        labels = numbers_of(kept)[self.labels]
        core = self.core & (labels != NOISE)
        return replace(self, labels=labels, core=core, radius=self.radius[kept], reach=self.reach[kept])

    def renumbered(self, ids: NDArray[np.int32], total: int) -> Clusters:
        """With the ids of the clusters, all below `total`, for their numbers; `ids` has shape (count,)."""
        radius, reach = np.zeros(total, dtype=np.float32), np.zeros(total, dtype=np.float32)
        radius[ids], reach[ids] = self.radius, self.reach
        labels = np.append(ids, NOISE)[self.labels].astype(np.int32)
        return replace(self, labels=labels, radius=radius, reach=reach)


@dataclass(frozen=True, slots=True)
class Found:
    clusters: Clusters
    neighbours: int
    eps: float
    """DBSCAN's, as used: a Jaccard distance, or one between embeddings where neighbours is 0."""
    choice: Choice | None
    """How they were chosen; None where both were given."""


def find_groups(
    vectors: Vectors, parameters: Parameters, engine: Engine = LOCAL, strangers: Vectors | None = None
) -> Found:
    """The groups among embeddings of shape (n, dimensions), whose radii keep off `strangers` too.

    The same embeddings give the same groups, whatever their order. Raises NoGroupsError.
    """
    points, near = _neighbours(vectors, parameters, engine)
    neighbours, eps, choice, graph = _decide(points, near, parameters)
    if neighbours and parameters.fine:
        sweep = Sweep(graph, points.copies, parameters.min_samples)
        grouped = lasting_groups(sweep, points.copies, parameters.min_samples + 1, eps)
    elif neighbours:
        grouped = by_graph(points, graph, parameters.min_samples)
    else:
        grouped = by_embeddings(points, eps, parameters.min_samples, parameters.metric)
    del graph  # of a million pictures half a gigabyte
    closeness = measure_closeness(points, near, grouped, parameters.metric, strangers)
    kept = closeness.typical <= parameters.loosest * (_DOUBTED if choice and choice.weak else 1)
    if not kept.any():
        raise NoGroupsError(_nothing_found(len(vectors), parameters, too_loose=grouped.count > 0))
    if choice and not kept.all():
        loose = f"{np.count_nonzero(~kept)} of them left out, as their pictures are not similar enough"
        choice = replace(choice, reason=f"{choice.reason}; {loose}")
    radius = closeness.radius() if neighbours else np.full(grouped.count, eps, dtype=np.float32)
    grouped = grouped.only(kept)
    if len(vectors) >= THINNED_FROM:
        grouped = thinned(grouped, near)
    radius, reach = radius[kept], closeness.reach(radius)[kept]
    nearest = _nearest_to_all(vectors, points, grouped, parameters.metric)
    clusters = _as_serving(nearest, points, grouped, radius, reach)
    while neighbours and not (enough := _have_enough(grouped, points, clusters, parameters.min_samples)).all():
        if not enough.any():
            raise NoGroupsError(_nothing_found(len(vectors), parameters, too_loose=True))
        left = Nearest(numbers_of(enough)[nearest.clusters], nearest.distances)
        grouped, radius, reach = grouped.only(enough), radius[enough], reach[enough]
        nearest = _nearest_to_all(vectors, points, grouped, parameters.metric, left)
        clusters = _as_serving(nearest, points, grouped, radius, reach)
    return Found(clusters, neighbours, eps, choice)


def choose_parameters(vectors: Vectors, parameters: Parameters, engine: Engine = LOCAL) -> Choice:
    """What find_groups would choose, without the groups. Raises as it does."""
    points, near = _neighbours(vectors, parameters, engine)
    choice, _ = choose(
        points.vectors, points.copies, near, parameters.neighbours, parameters.min_samples, parameters.metric
    )
    return _say_how(choice, points)


def _neighbours(vectors: Vectors, parameters: Parameters, engine: Engine) -> tuple[Points, Neighbours]:
    _check(parameters, len(vectors))
    points = distinct(vectors, parameters.metric)
    listed = max(_LISTED_PLAIN if parameters.plain else _LISTED, parameters.neighbours or 0, parameters.min_samples)
    if parameters.plain or parameters.metric == "euclidean":
        return points, nearest_neighbours(points.vectors, parameters.metric, listed, engine)
    near = nearest_neighbours(centred(points), parameters.metric, listed, engine)
    pictures = folded(points, near)
    if len(pictures) == len(points) or len(pictures) < FEWEST:
        return points, near
    return pictures, nearest_neighbours(centred(pictures), parameters.metric, listed, engine)


def _check(parameters: Parameters, pictures: int) -> None:
    if pictures < max(parameters.min_samples, 2):
        raise NoGroupsError(
            f"pictures: {pictures}, fewer than a group takes (--min-samples {parameters.min_samples}): "
            "add pictures, ten or more of each kind, or give a smaller --min-samples"
        )


def _nothing_found(pictures: int, parameters: Parameters, *, too_loose: bool) -> str:
    if parameters.eps is not None:
        return (
            f"no {parameters.min_samples} of the {pictures} pictures are within eps {parameters.eps:.4g} of one "
            "another: try a larger --eps, a smaller --min-samples, or more pictures of each kind"
        )
    why = "what is nearest to one another is not similar enough" if too_loose else "none are near enough to one another"
    return (
        f"no groups found in {pictures} pictures: {why}. Add pictures, ten or more of each kind, "
        "or set --eps or a smaller --min-samples"
    )


def _decide(points: Points, near: Neighbours, parameters: Parameters) -> tuple[int, float, Choice | None, csr_array]:
    """The number of neighbours, eps, how they were chosen, and which points are within eps of each other.

    Where groups are to be `fine`, the distances between points instead.
    """
    least, metric = parameters.min_samples, parameters.metric
    if parameters.eps is None:
        choice, distances = choose(points.vectors, points.copies, near, parameters.neighbours, least, metric)
        neighbours, eps = choice.neighbours, choice.eps
        choice = _say_how(choice, points)
    else:
        choice, neighbours, eps = None, parameters.neighbours or 0, parameters.eps
        distances = distances_of(points.vectors, near, neighbours, metric)
    return neighbours, eps, choice, distances if parameters.fine else within(distances, eps)


def _say_how(choice: Choice, points: Points) -> Choice:
    if len(points) <= EXACT:
        return choice
    how = "neighbours were looked for among the pictures nearest by k-means, as there are too many to compare all"
    return replace(choice, reason=f"{choice.reason}; {how}")


def _nearest_to_all(
    vectors: Vectors, points: Points, grouped: Grouped, metric: Metric, known: Nearest | None = None
) -> Nearest:
    """The nearest core sample of every picture; a core sample is its own. Searched for wherever `known` says NOISE."""
    labels, core = grouped.labels[points.which], grouped.core[points.which]
    clusters = np.where(core, labels, NOISE if known is None else known.clusters)
    distances = np.zeros(len(vectors), dtype=np.float32) if known is None else known.distances
    # Of two core samples as near, the first one counts: that of the lesser bytes, whatever the order of the pictures.
    samples = np.flatnonzero(core)[points.which[core].argsort(kind="stable")]
    unknown = np.flatnonzero(clusters == NOISE)
    found = _nearest_core_samples(CoreSamples(vectors[samples], labels[samples], metric), vectors, unknown)
    clusters[unknown], distances[unknown] = found.clusters, found.distances
    return Nearest(clusters, distances)


def _as_serving(
    nearest: Nearest, points: Points, grouped: Grouped, radius: NDArray[np.float32], reach: NDArray[np.float32]
) -> Clusters:
    """Pictures instead of points, clusters numbered by them, and what is no core sample put where serving would."""
    core = grouped.core[points.which]
    # Numbered by the first core sample of each among the pictures.
    in_order = np.unique(grouped.labels[points.which][core], return_index=True)[1].argsort()
    numbers = np.append(in_order.argsort(), NOISE).astype(np.int32)
    labels = numbers[np.where(core, nearest.clusters, nearest.within(radius[nearest.clusters]))]
    return Clusters(labels, core, nearest.distances, radius[in_order], reach[in_order])


def _have_enough(grouped: Grouped, points: Points, clusters: Clusters, least: int) -> NDArray[np.bool_]:
    """Of each group, whether as many pictures as a group takes are left in it.

    Pictures that share neighbours with a core sample may lie nearer to one of another group, where serving puts them.
    Few are left then, or the core sample alone.
    """
    numbers = np.zeros(grouped.count, dtype=np.intp)
    numbers[grouped.labels[points.which][clusters.core]] = clusters.labels[clusters.core]
    grouped_pictures = clusters.labels[clusters.labels != NOISE]
    return np.bincount(grouped_pictures, minlength=grouped.count)[numbers] >= least


def _nearest_core_samples(core: CoreSamples, vectors: Vectors, rows: NDArray[np.intp]) -> Nearest:
    """core.nearest(vectors[rows]), by every processor: in a quarter less time than by products in two threads."""

    def nearest(start: int) -> Nearest:
        return core.nearest(vectors[rows[start : start + _TOGETHER]])

    with threadpool_limits(1, user_api="blas"):
        parts = Parallel(n_jobs=-1, require="sharedmem")(
            delayed(nearest)(start) for start in range(0, max(1, len(rows)), _TOGETHER)
        )
    found = cast("list[Nearest]", parts)
    return Nearest(
        np.concatenate([part.clusters for part in found]), np.concatenate([part.distances for part in found])
    )


def join(parts: Sequence[tuple[NDArray[np.intp], Clusters]], total: int) -> Clusters:
    """Clusters of disjoint sets of pictures as one, numbered on in order; each part comes with its pictures' rows."""
    labels = np.full(total, NOISE, dtype=np.int32)
    core = np.zeros(total, dtype=np.bool_)
    distances = np.full(total, np.inf, dtype=np.float32)
    start = 0
    for rows, part in parts:
        labels[rows] = np.where(part.labels == NOISE, NOISE, part.labels + start)
        core[rows], distances[rows] = part.core, part.distances
        start += part.count
    nothing = np.zeros(0, dtype=np.float32)
    radius = np.concatenate([nothing, *(part.radius for _, part in parts)])
    reach = np.concatenate([nothing, *(part.reach for _, part in parts)])
    return Clusters(labels, core, distances, radius, reach)
