"""What a person decided about groups constrains the next training: must be together, must not be together.

A group that a person put together (by a split, a move, a merge or a name for a new one) stays together and apart from
all others, whatever DBSCAN finds now. Groups that nobody touched are free to change. Pictures are recognized by their
embeddings or, where those are made another way now, by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import EmbedderSpec, Vectors
from shared.model.assigner import Assigner, apply_edits
from shared.model.bundle import Bundle, Labels
from shared.model.core_samples import NOISE, CoreSamples, Metric
from shared.model.parts import unmarked
from shared.model.remembered import Placed, Remembered, vector_bytes
from training.model.recognizing import recognize, recognize_remembered

# Of a new group, the part that must be of a group put together by a person for pictures that nobody knows to follow it.
_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Partition:
    """Where n pictures belong after training, by what a person decided; ids on from the trained ones are new."""

    clusters: NDArray[np.int32]
    """Shape (n,)."""
    ids: Mapping[int, int]
    """Old group that a person put together to the group that continues it."""
    eps: Mapping[int, float]
    """Of each cluster that training did not find."""
    unsure: tuple[int, ...]
    """Pictures that a person was not sure about."""
    by_hand: tuple[int, ...]
    """Pictures that a person put where they are."""
    out: tuple[int, ...]
    """Pictures that a person removed from a group and that were in no other."""
    absent: tuple[Placed, ...]
    """What was decided about pictures that are not there, but may be again."""
    lost: tuple[str, ...]
    """Pictures that were put somewhere and can't be recognized ever, as embeddings are made another way now."""
    gone: tuple[int, ...]
    """Old groups put together by a person of which no picture is left."""

    def renumbered(self, ids: NDArray[np.int32]) -> Partition:
        """With the ids of the new groups for their numbers; `ids` has shape (new groups,)."""
        return replace(
            self,
            clusters=np.append(ids, NOISE)[self.clusters].astype(np.int32),
            ids={group: int(ids[new]) for group, new in self.ids.items()},
            eps={int(ids[new]): eps for new, eps in self.eps.items()},
            absent=_moved(self.absent, {new: int(group) for new, group in enumerate(ids.tolist())}),
        )


def decided_clusters(bundle: Bundle) -> frozenset[int]:
    """The groups that a person put together, and those that pictures were taken from; marked as no group or not."""
    edits = bundle.labels.edits
    touched = {*edits.decided, *edits.eps, *edits.core.values(), *(entry.cluster for entry in edits.placed)}
    touched |= {int(bundle.arrays.clusters[sample]) for sample, cluster in edits.core.items() if cluster != NOISE}
    return frozenset(touched - {NOISE})


def apply_decisions(
    old: Bundle,
    old_names: Mapping[str, int],
    spec: EmbedderSpec,
    pictures: Sequence[str],
    vectors: Vectors,
    found: NDArray[np.int32],
    eps: NDArray[np.float32],
    metric: Metric,
    categories: Sequence[str] | None = None,
) -> Partition:
    """Correct the clusters `found`, shape (n,), of n pictures by what was decided about the old model.

    `old_names` has each old picture's cluster; `eps` is that of each new cluster; `categories` are of the n pictures.
    """
    decided = decided_clusters(old)
    comparable = old.manifest.embedder == spec
    if comparable:
        before = _by_embedding(old, old_names, pictures, vectors, categories or [None] * len(pictures))
    else:
        before = _by_name(old, old_names, pictures)
    placed = old.labels.edits.placed
    unsure = _find(old, [entry for entry in placed if entry.cluster == NOISE], pictures, vectors, comparable=comparable)
    before[list(unsure)] = NOISE
    own = np.isin(before, list(decided))
    clusters = found.copy()
    for cluster in range(len(eps)):
        _divide(cluster, clusters, before, own, vectors, metric)
    ids, made = _number(before, own, found, clusters, len(eps))
    result = clusters.copy()
    for group, new in ids.items():
        result[clusters == -2 - group] = new
    result[list(unsure)] = NOISE
    _, old_eps, _ = apply_edits(old.arrays, old.labels)
    radii = {
        new: float(old_eps[group]) if comparable else _radius(found[before == group], eps)
        for group, new in made.items()
    }
    placed = (*placed, *_samples_by_hand(old, list(old_names)))
    by_hand = _find(old, [entry for entry in placed if entry.by_hand], pictures, vectors, comparable=comparable)
    missing = _missing(old, placed, pictures, vectors, comparable=comparable)
    removed = _find(old, old.labels.edits.excluded, pictures, vectors, comparable=comparable)
    alive = set(ids)
    gone = tuple(sorted(group for group in decided - alive if _had_pictures(old, group)))
    return Partition(
        result,
        ids,
        radii,
        unsure,
        by_hand=tuple(row for row in by_hand if result[row] != NOISE),
        out=tuple(row for row in removed if before[row] == NOISE),
        absent=_moved(missing, ids) if comparable else (),
        lost=() if comparable else tuple(entry.picture for entry in missing),
        gone=gone,
    )


def _by_embedding(
    old: Bundle,
    old_names: Mapping[str, int],
    pictures: Sequence[str],
    vectors: Vectors,
    categories: Sequence[str | None],
) -> NDArray[np.int32]:
    """The old group of each picture that the old model knew, as it answered last; NOISE for others."""
    edits = old.labels.edits
    before = _answered(old, vectors, categories)
    known = np.array([name in old_names for name in pictures], dtype=np.bool_)
    same = recognize(old.arrays.vectors, vectors)
    before[list(same)] = _of_samples(old)[list(same.values())]
    decided = recognize_remembered((*edits.placed, *edits.held), vectors, old.arrays.vectors)
    for row, entry in decided.items():
        before[row] = entry.cluster
    known[list(same)] = True
    known[list(decided)] = True
    return np.where(known, before, NOISE).astype(np.int32)


def _by_name(old: Bundle, old_names: Mapping[str, int], pictures: Sequence[str]) -> NDArray[np.int32]:
    edits = old.labels.edits
    # A picture near a cluster that a person divided may be of any part of it.
    divided = {int(old.arrays.clusters[sample]) for sample in edits.core}
    in_order = list(old_names)
    known = {name: NOISE if cluster in divided else cluster for name, cluster in old_names.items()}
    known |= {in_order[int(row)]: int(group) for row, group in zip(old.arrays.pictures, _of_samples(old), strict=True)}
    known |= {entry.picture: entry.cluster for entry in (*edits.placed, *edits.held)}
    return np.array([known.get(name, NOISE) for name in pictures], dtype=np.int32)


def _of_samples(old: Bundle) -> NDArray[np.int32]:
    """The group of the picture that each core sample is, as the old model answered last."""
    of_cluster = {cluster: name for name, clusters in old.manifest.categories.items() for cluster in clusters}
    return _answered(old, old.arrays.vectors, [of_cluster.get(cluster) for cluster in old.arrays.clusters.tolist()])


def _answered(old: Bundle, vectors: Vectors, categories: Sequence[str | None]) -> NDArray[np.int32]:
    """Groups as the old model answers them for pictures of these categories, be they marked as no group or not."""
    assigner = Assigner(old.arrays, unmarked(old.labels), old.manifest.clustering.metric, old.manifest.categories)
    return assigner.assign_each(vectors, categories).clusters


def _samples_by_hand(old: Bundle, in_order: Sequence[str]) -> list[Placed]:
    """The core samples that a person put where they are; `in_order` has the names of all pictures."""
    of_cluster = {cluster: name for name, clusters in old.manifest.categories.items() for cluster in clusters}
    edits, arrays = old.labels.edits, old.arrays
    trained = arrays.clusters.tolist()
    current = dict(enumerate(trained)) | edits.core
    return [
        Placed(
            picture=in_order[int(arrays.pictures[row])],
            vector=vector_bytes(arrays.vectors[row]),
            cluster=current[row],
            category=of_cluster.get(trained[row]),
            by_hand=True,
        )
        for row in edits.by_hand
    ]


def _missing(
    old: Bundle, entries: Sequence[Placed], pictures: Sequence[str], vectors: Vectors, *, comparable: bool
) -> list[Placed]:
    """The entries of which no picture is among n pictures."""
    if comparable:
        found = {id(entry) for entry in recognize_remembered(entries, vectors, old.arrays.vectors).values()}
        return [entry for entry in entries if id(entry) not in found]
    return [entry for entry in entries if entry.picture not in {*pictures}]


def _moved(entries: Iterable[Placed], groups: Mapping[int, int]) -> tuple[Placed, ...]:
    """The entries with the groups that theirs became; without those whose group nothing continues."""
    groups = {**groups, NOISE: NOISE}
    known = (entry for entry in entries if entry.cluster in groups)
    return tuple(entry.model_copy(update={"cluster": groups[entry.cluster]}) for entry in known)


def _find(
    old: Bundle, entries: Sequence[Remembered], pictures: Sequence[str], vectors: Vectors, *, comparable: bool
) -> tuple[int, ...]:
    """Which of n pictures are remembered: by their embeddings where those are `comparable`, else by their names."""
    if comparable:
        return tuple(sorted(recognize_remembered(entries, vectors, old.arrays.vectors)))
    names = {entry.picture for entry in entries}
    return tuple(row for row, name in enumerate(pictures) if name in names)


def _divide(
    cluster: int,
    clusters: NDArray[np.int32],
    before: NDArray[np.int32],
    own: NDArray[np.bool_],
    vectors: Vectors,
    metric: Metric,
) -> None:
    """Give each picture of a new cluster to the old group that it is known to be of, or is nearest to.

    Old groups are written as -2 - group until they have a new number.
    """
    members = np.flatnonzero(clusters == cluster)
    anchors = members[own[members] | (before[members] != NOISE)]
    if not own[members].any():
        return
    # What is known to be of a group that nobody touched stays with the new cluster.
    target = np.where(own[anchors], -2 - before[anchors], cluster).astype(np.int32)
    clusters[anchors] = target
    strangers = members[~own[members] & (before[members] == NOISE)]
    if not len(strangers):
        return
    nearest = CoreSamples(vectors[anchors], np.arange(len(anchors), dtype=np.int32), metric).nearest(vectors[strangers])
    follow = target[nearest.clusters]
    groups, counts = np.unique(target, return_counts=True)
    large = groups[counts >= _SHARE * len(members)]
    clusters[strangers] = np.where(np.isin(follow, large), follow, cluster)


def _number(
    before: NDArray[np.int32],
    own: NDArray[np.bool_],
    found: NDArray[np.int32],
    clusters: NDArray[np.int32],
    count: int,
) -> tuple[dict[int, int], dict[int, int]]:
    """A new number for each old group; of those, the ones that training did not find.

    A group takes the number of the cluster that it fills, else one of its own.
    """
    clusters[own] = -2 - before[own]
    ids: dict[int, int] = {}
    made: dict[int, int] = {}
    taken: set[int] = set()
    for group in np.unique(before[own]).tolist():
        homes, counts = np.unique(found[(clusters == -2 - group) & (found != NOISE)], return_counts=True)
        ranked = homes[np.argsort(-counts, kind="stable")].tolist()
        free = (home for home in ranked if home not in taken and not (clusters[found == home] == home).any())
        ids[group] = next(free, count + len(made))
        if ids[group] >= count:
            made[group] = ids[group]
        taken.add(ids[group])
    return ids, made


def _radius(found: NDArray[np.int32], eps: NDArray[np.float32]) -> float:
    """Of the cluster in which most of a group's pictures are now."""
    inside = found[found != NOISE]
    return float(eps[np.bincount(inside).argmax()] if len(inside) else np.median(eps))


def _had_pictures(old: Bundle, group: int) -> bool:
    groups, _, _ = apply_edits(old.arrays, old.labels)
    return bool((groups == group).any()) or any(entry.cluster == group for entry in old.labels.edits.placed)


def carried_edits(old: Labels, partition: Partition) -> dict[str, object]:
    """The edits of the new labels: groups put together by a person, pairs that are not the same, pictures not there."""
    ids = partition.ids
    pairs = ((ids[one], ids[other]) for one, other in old.edits.apart if one in ids and other in ids)
    return {
        "eps": dict(partition.eps),
        "placed": partition.absent,
        "decided": tuple(sorted(ids.values())),
        "apart": tuple((min(pair), max(pair)) for pair in pairs),
    }
