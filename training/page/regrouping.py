"""Edits that make one group of several, or several of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

import numpy as np

from shared.model.assigner import apply_edits
from shared.model.bundle import Labels
from shared.model.exclusions import Excluded
from shared.model.parts import unmarked
from shared.model.remembered import Lookup
from training.gallery.excluding import excluded_from, with_excluded
from training.gallery.gallery import Gallery, Group, Grouping
from training.page.edited import (
    Edited,
    EditError,
    sentence,
    title,
    with_decided,
    with_exemplars,
    with_names,
    without_proposed,
)
from training.page.moving import new_cluster
from training.page.naming import tidy_names
from training.page.splitting import split_parts

MOST_PARTS = 6
"""As many strips of pictures as one can tell apart at a glance."""


def merge(
    groups: Sequence[Group], names: Sequence[str], gallery: Gallery, labels: Labels, grouping: Grouping
) -> Edited:
    """The group that reaches furthest takes in the others, except that none goes into one that is only proposed."""
    if len(groups) < 2:
        raise EditError("a group can't be merged with itself")
    _, eps, _ = apply_edits(gallery.bundle.arrays, labels)
    settled = [group for group in groups if group.cluster not in labels.proposed] or groups
    target = max(settled, key=lambda group: (float(eps[group.cluster]), len(group.pictures))).cluster
    others = [group.cluster for group in groups if group.cluster != target]
    wanted = np.where(np.isin(grouping.clusters, others), target, grouping.clusters).astype(np.int32)
    moved = np.flatnonzero(wanted != grouping.clusters).tolist()
    new = without_proposed(_forget(labels, others), [target]).model_copy(
        update={"not_groups": tuple(sorted(set(labels.not_groups) - {group.cluster for group in groups}))}
    )
    inside = {id(entry) for entry in Lookup(new.edits.excluded).find(gallery.vectors[wanted == target]).values()}

    def excluded_then(entry: Excluded) -> list[int]:
        """From the one that takes in what it was excluded from, unless it is inside."""
        merged = (target if cluster in others else cluster for cluster in entry.clusters)
        return [cluster for cluster in merged if cluster != target or id(entry) not in inside]

    new = with_excluded(new, excluded_from(new.edits.excluded, excluded_then))
    new = _with_apart(new, dict.fromkeys(others, (target,)))
    new = with_names(with_decided(new, [target]), target, tidy_names(names))
    new = gallery.placer.place(_with_samples(new, others, target, gallery), wanted, moved)
    titles = " and ".join(title(labels, group.cluster) for group in groups)
    message = f"{titles} merged" + (f" as {title(new, target)}" if names else "")
    return Edited(with_exemplars(new, gallery, gallery.placer.positions(new), [target]), sentence(message))


def _with_samples(labels: Labels, others: Sequence[int], target: int, gallery: Gallery) -> Labels:
    """Core samples of pictures that are excluded, or whose files are gone, go with their group, too."""
    trained = gallery.bundle.arrays.clusters.tolist()
    current = dict(enumerate(trained)) | labels.edits.core
    moved = {row: target for row, cluster in current.items() if cluster in others}
    core = {row: cluster for row, cluster in (labels.edits.core | moved).items() if cluster != trained[row]}
    return labels.model_copy(update={"edits": labels.edits.model_copy(update={"core": dict(sorted(core.items()))})})


def set_apart(one: Group, other: Group, labels: Labels) -> Edited:
    pair = (one.cluster, other.cluster)
    new = _with_apart(labels, {}, [pair])
    titles = f"{title(labels, one.cluster)} and {title(labels, other.cluster)}"
    return Edited(with_decided(new, pair), sentence(f"{titles} are not the same"))


def _with_apart(labels: Labels, became: Mapping[int, Sequence[int]], more: Iterable[tuple[int, int]] = ()) -> Labels:
    """Labels in which what a group became is apart from what that group was apart from, and `more` pairs are."""
    pairs = (
        (one, other)
        for before in labels.edits.apart
        for one, other in product(*(became.get(cluster, (cluster,)) for cluster in before))
    )
    apart = sorted({(min(pair), max(pair)) for pair in (*pairs, *more) if len({*pair}) == 2})
    return labels.model_copy(update={"edits": labels.edits.model_copy(update={"apart": tuple(apart)})})


def split(
    group: Group, count: int, names: Sequence[str], gallery: Gallery, labels: Labels, grouping: Grouping
) -> Edited:
    """Each part becomes a new group, with a name of its own or the names of the old one."""
    if group.cluster in labels.not_groups:
        raise EditError(f"{title(labels, group.cluster)} is marked as not a group: make it a group again first")
    parts = split_parts(gallery, group, count)
    if len(parts) < count:
        raise EditError(f"{title(labels, group.cluster)} does not come apart into {count}")
    before = labels.labels.get(group.cluster, ())
    new = _forget(labels, [group.cluster])
    wanted = grouping.clusters.copy()
    ids: list[int] = []
    for number, part in enumerate(parts):
        cluster, new = new_cluster(gallery, new, part, [group.cluster])
        own = tidy_names(names[number : number + 1])
        new = with_names(new, cluster, own or before)
        wanted[list(part)] = cluster
        ids.append(cluster)
    excluded = excluded_from(
        new.edits.excluded,
        lambda entry: (part for cluster in entry.clusters for part in (ids if cluster == group.cluster else [cluster])),
    )
    new = _with_apart(with_excluded(new, excluded), {group.cluster: ids}, combinations(ids, 2))
    new = with_decided(new, ids)
    new = _without_samples(new, group, gallery)
    new = gallery.placer.place(new, wanted, group.pictures)
    message = f"{title(labels, group.cluster)} split into {count}"
    return Edited(with_exemplars(new, gallery, gallery.placer.positions(new), ids), sentence(message))


def _without_samples(labels: Labels, group: Group, gallery: Gallery) -> Labels:
    """Core samples whose pictures are in no part, as their files are gone, count for none of the parts."""
    current, _, _ = apply_edits(gallery.bundle.arrays, unmarked(labels))
    core = labels.edits.core | {int(row): -1 for row in np.flatnonzero(current == group.cluster)}
    return labels.model_copy(update={"edits": labels.edits.model_copy(update={"core": dict(sorted(core.items()))})})


def _forget(labels: Labels, clusters: Sequence[int]) -> Labels:
    """Labels without the names, pictures and decisions of groups that are no more."""
    gone = {*clusters}
    decided = tuple(cluster for cluster in labels.edits.decided if cluster not in gone)
    return without_proposed(labels, gone).model_copy(
        update={
            "labels": {cluster: names for cluster, names in labels.labels.items() if cluster not in gone},
            "exemplars": {cluster: kept for cluster, kept in labels.exemplars.items() if cluster not in gone},
            "conflicts": tuple(cluster for cluster in labels.conflicts if cluster not in gone),
            "edits": labels.edits.model_copy(update={"decided": decided}),
        }
    )
