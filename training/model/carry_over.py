"""Names survive retraining: they go to the groups that continue the old ones, never to a number.

A new group continues an old one when they share pictures; where no picture is shared, when its core samples lie within
the old group's eps. A picture is known by its file name, unless its embedding shows that the name now belongs to
another one: cameras number their pictures too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import EmbedderSpec, Vectors
from shared.model.assigner import Assigner, apply_edits
from shared.model.assignments_csv import read_rows
from shared.model.bundle import Bundle, Labels
from shared.model.core_samples import NOISE, CoreSamples
from shared.model.exclusions import Excluded
from shared.model.parts import unmarked
from training.clustering.clusters import Clusters
from training.gallery.excluding import excluded_from
from training.model.decisions import Partition
from training.model.recognizing import recognize_remembered

# Of the pictures that two groups could share, the part they must share to be one the other's continuation. Below it
# the overlap is a few border pictures that changed sides.
_SHARE = 0.2


@dataclass(slots=True)
class Carried:
    """What became of the old groups; ids of old groups are the old model's, ids of new groups the new one's."""

    names: dict[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    """New group to the names it inherits."""
    not_groups: list[int] = field(default_factory=list[int])
    excluded: list[Excluded] = field(default_factory=list[Excluded])
    """Pictures that a person excluded from groups, with the new groups that continue those."""
    forgotten: dict[str, str] = field(default_factory=dict[str, str])
    """Pictures that were removed from a group but can't be any more, and why."""
    ancestors: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """New group to the old groups it continues, the one that gave most first."""
    ids: dict[int, int] = field(default_factory=dict[int, int])
    """New group to the old one whose id it keeps: of those that continue an old group, the one that got most of it."""
    split: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """Old group to the new groups it came apart into."""
    gone: list[int] = field(default_factory=list[int])
    """Old groups that nothing continues."""

    lost: tuple[str, ...] = ()
    """Pictures that a person put somewhere and that can't be recognized any more."""
    conflicts: list[int] = field(default_factory=list[int])
    """New groups with names that are not surely theirs: of several old ones, or of one that gave fewer pictures."""

    def follow(self, old: Labels, partition: Partition) -> None:
        """Give the groups that a person put together their own names and marks, and no others'."""
        for group, new in partition.ids.items():
            self.names.pop(new, None)
            self.ids = {other: kept for other, kept in self.ids.items() if kept != group} | {new: group}
            if names := old.labels.get(group):
                self.names[new] = names
            self.conflicts = [cluster for cluster in self.conflicts if cluster != new]
            if group in old.conflicts:
                self.conflicts.append(new)
            self.not_groups = [cluster for cluster in self.not_groups if cluster != new]
            if group in old.not_groups:
                self.not_groups.append(new)
            self.ancestors[new] = [group, *(other for other in self.ancestors.get(new, ()) if other != group)]
        self.lost = partition.lost
        self.gone = sorted({*self.gone, *partition.gone} - {*partition.ids})
        self.not_groups.sort()

    def renumbered(self, ids: NDArray[np.int32]) -> Carried:
        """With the ids of the new groups for their numbers; `ids` has shape (new groups,)."""
        new = ids.tolist()
        return replace(
            self,
            names={new[cluster]: names for cluster, names in self.names.items()},
            not_groups=sorted(new[cluster] for cluster in self.not_groups),
            excluded=[*excluded_from(self.excluded, lambda entry: sorted(new[cluster] for cluster in entry.clusters))],
            ancestors={new[cluster]: old for cluster, old in self.ancestors.items()},
            ids={new[cluster]: old for cluster, old in self.ids.items()},
            split={old: sorted(new[cluster] for cluster in parts) for old, parts in self.split.items()},
            conflicts=sorted(new[cluster] for cluster in self.conflicts),
        )

    @property
    def merged(self) -> dict[int, list[int]]:
        """New group to the old groups that became one in it."""
        return {new: old for new, old in self.ancestors.items() if len(old) > 1}


def carry_over(
    old: Bundle,
    folder: Path,
    spec: EmbedderSpec,
    pictures: Sequence[str],
    vectors: Vectors,
    clusters: Clusters,
    decided: Mapping[int, int],
) -> Carried:
    """Carry names from the bundle in `folder` to these clusters of these pictures.

    `decided` has the new group of each old one that a person put together.

    A group that came apart gives its names to every part. Groups that became one pass on the names of all;
    `conflicts` tells, so that a person can judge.
    """
    rows = read_rows(folder)
    names = [row.picture for row in rows]
    excluded = _excluded(old, names)
    # A group marked as none is still a group, whose mark must be carried. What is found again need not be proposed.
    groups, eps, _ = apply_edits(old.arrays, unmarked(old.labels))
    before = {row.picture: row.cluster for row in rows}
    before |= {names[row]: int(group) for row, group in zip(old.arrays.pictures, groups, strict=True)}
    existing = set(before.values()) - {NOISE}
    before |= {entry.picture: NOISE for entry in excluded if before.get(entry.picture) in entry.clusters}
    comparable = old.manifest.embedder == spec
    if comparable:
        core = CoreSamples(old.arrays.vectors, groups, old.manifest.clustering.metric)
        before = _still_near(before, core, eps, pictures, vectors)
        votes = _shared_pictures(before, pictures, clusters)
        strangers = [new for new in range(clusters.count) if new not in votes]
        votes |= _near_core_samples(core, eps, strangers, vectors, clusters)
    else:
        votes = _shared_pictures(before, pictures, clusters)
    carried = _conclude(old, votes, existing)
    trained_in = {row.picture: row.category for row in rows}
    _carry_excluded(old, carried, excluded, trained_in, pictures, vectors, clusters, decided, comparable=comparable)
    return carried


def _excluded(old: Bundle, names: Sequence[str]) -> list[Excluded]:
    """What a person excluded from the old groups; not what a split left unclustered, for that may belong again."""
    arrays, edits = old.arrays, old.labels.edits
    split = {int(arrays.clusters[row]) for row, group in edits.core.items() if group != NOISE}
    # Bundles in which a picture was removed by its core sample alone.
    bare = [row for row, group in edits.core.items() if group == NOISE and int(arrays.clusters[row]) not in split]
    return [
        *edits.excluded,
        *(
            Excluded(
                picture=names[int(arrays.pictures[row])],
                clusters=(int(arrays.clusters[row]),),
                vector=arrays.vectors[row].astype("<f4").tobytes(),
            )
            for row in bare
        ),
    ]


def _carry_excluded(
    old: Bundle,
    carried: Carried,
    entries: Sequence[Excluded],
    trained_in: Mapping[str, str | None],
    pictures: Sequence[str],
    vectors: Vectors,
    found_clusters: Clusters,
    decided: Mapping[int, int],
    *,
    comparable: bool,
) -> None:
    """Exclude the same pictures from the groups that continue theirs, or note why that can't be.

    Where the embeddings of both models are `comparable`, a picture is known by its embedding, and need not be there.
    """
    answers = Assigner(old.arrays, old.labels, old.manifest.clustering.metric, old.manifest.categories)

    def out(entry: Excluded) -> bool:
        """Whether the picture was in no group: as it was, for one that was compressed again may answer otherwise."""
        return int(answers.assign(entry.embedding()[None], trained_in.get(entry.picture)).clusters[0]) == NOISE

    found = recognize_remembered(entries, vectors, old.arrays.vectors) if comparable else {}
    rows = {name: row for row, name in enumerate(pictures)}
    for entry in entries:
        same = [row for row, known in found.items() if known is entry]
        row = next((row for row in same if pictures[row] == entry.picture), next(iter(same), None))
        if not comparable:
            row = rows.get(entry.picture)
        found_again = {*entry.clusters} - decided.keys()
        continued = {
            new for new, old in carried.ancestors.items() if {*old} & found_again and new not in decided.values()
        }
        clusters = tuple(sorted(continued | {decided[group] for group in entry.clusters if group in decided}))
        if not clusters and row is not None and comparable and int(found_clusters.labels[row]) != NOISE and out(entry):
            # The group was emptied by removals, and training puts a picture that was in no group somewhere.
            clusters = (int(found_clusters.labels[row]),)
        if not clusters:
            carried.forgotten[entry.picture] = "nothing continues the group that it was removed from"
        elif row is not None:
            vector = vectors[row].astype("<f4").tobytes()
            carried.excluded.append(Excluded(picture=pictures[row], clusters=clusters, vector=vector))
        elif comparable:
            carried.excluded.append(entry.model_copy(update={"clusters": clusters}))
        else:
            carried.forgotten[entry.picture] = "it is not among the pictures, and embeddings are made another way now"


def _still_near(
    before: dict[str, int], core: CoreSamples, eps: NDArray[np.float32], pictures: Sequence[str], vectors: Vectors
) -> dict[str, int]:
    """`before` without the names whose pictures are outside their old group now: they are other pictures."""
    groups = np.array([before.get(name, NOISE) for name in pictures])
    replaced: set[str] = set()
    for group in np.unique(groups[groups != NOISE]).tolist():
        rows = np.flatnonzero(groups == group)
        distances = core.nearest(vectors[rows], core.clusters == group).distances
        replaced |= {pictures[int(row)] for row in rows[distances > eps[group]]}
    return {name: group for name, group in before.items() if name not in replaced}


def _shared_pictures(before: dict[str, int], pictures: Sequence[str], clusters: Clusters) -> dict[int, Counter[int]]:
    """For each new group, how many of its pictures each old group held; groups with too small a share left out."""
    now = {name: int(cluster) for name, cluster in zip(pictures, clusters.labels, strict=True)}
    common = before.keys() & now.keys()
    old_sizes = Counter(before[name] for name in common)
    new_sizes = Counter(now[name] for name in common)
    overlap: dict[int, Counter[int]] = defaultdict(Counter)
    for name in common:
        if before[name] != NOISE and now[name] != NOISE:
            overlap[now[name]][before[name]] += 1
    for new, counts in overlap.items():
        for old, count in list(counts.items()):
            if count < _SHARE * min(old_sizes[old], new_sizes[new]):
                del counts[old]
    return {new: counts for new, counts in overlap.items() if counts}


def _near_core_samples(
    core: CoreSamples, eps: NDArray[np.float32], strangers: Sequence[int], vectors: Vectors, clusters: Clusters
) -> dict[int, Counter[int]]:
    """For new groups that share no picture: how many of their core samples lie within each old group's eps."""
    votes: dict[int, Counter[int]] = {}
    for new in strangers:
        nearest = core.nearest(vectors[clusters.core & (clusters.labels == new)], core.clusters != NOISE)
        inside = nearest.within(eps[nearest.clusters])
        counts = _counts(inside[inside != NOISE])
        if counts.total() > len(inside) / 2:
            votes[new] = counts
    return votes


def _counts(ids: NDArray[np.int32]) -> Counter[int]:
    return Counter(ids.tolist())


def _conclude(old: Bundle, votes: dict[int, Counter[int]], groups: set[int]) -> Carried:
    carried = Carried()
    parts: dict[int, list[int]] = defaultdict(list)
    for new, counts in sorted(votes.items()):
        ranked = sorted(counts, key=lambda group: (-counts[group], group))
        carried.ancestors[new] = ranked
        for group in ranked:
            parts[group].append(new)
        given = dict.fromkeys(old.labels.labels[group] for group in ranked if old.labels.labels.get(group))
        if given:
            carried.names[new] = tuple(dict.fromkeys(name for names in given for name in names))
        if len(given) > 1 or (given and ranked[0] not in old.labels.labels) or ranked[0] in old.labels.conflicts:
            carried.conflicts.append(new)
        if ranked[0] in old.labels.not_groups:
            carried.not_groups.append(new)
    shares = sorted((-count, new, group) for new, counts in votes.items() for group, count in counts.items())
    for _, new, group in shares:
        if new not in carried.ids and group not in carried.ids.values():
            carried.ids[new] = group
    carried.split = {group: news for group, news in sorted(parts.items()) if len(news) > 1}
    carried.gone = sorted(groups - parts.keys())
    return carried
