"""Edits that put pictures elsewhere: into another group, out of one, aside. Pictures not chosen stay where they are.

Copies of a picture go where it goes: nothing tells them apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from sklearn.neighbors import NearestNeighbors

from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from shared.model.exclusions import Excluded
from shared.model.parts import next_id
from shared.model.remembered import Lookup, Placed, vector_bytes
from training.gallery.excluding import with_excluded
from training.gallery.gallery import Gallery, Group, Grouping
from training.model.ids import first_free
from training.page.edited import (
    Edited,
    EditError,
    check_pictures,
    find_group,
    in_words,
    sentence,
    title,
    with_decided,
    with_exemplars,
    with_names,
)
from training.page.naming import tidy_names

# Larger groups reach as far as the group that they come from: to compare all pairs would take seconds.
_MOST_PAIRWISE = 2_000

# Pictures nearer than this are copies, which say nothing about how far a group reaches.
_COPIES = 1e-5


def move(
    pictures: Sequence[int], target: int | None, name: str, gallery: Gallery, labels: Labels, grouping: Grouping
) -> Edited:
    """Put pictures into a group, or into a new one of this name where `target` is None."""
    check_pictures(pictures, gallery)
    chosen = gallery.placer.copies(pictures)
    sources = {int(cluster) for cluster in grouping.clusters[chosen]}
    if target is None:
        target, labels = new_cluster(gallery, labels, chosen, grouping.clusters[chosen].tolist())
        labels = with_names(labels, target, tidy_names([name]))
    elif find_group(grouping, target).cluster in labels.unanswered:
        state = "marked as not a group: make it a group again" if target in labels.not_groups else "proposed: accept it"
        raise EditError(f"{title(labels, target)} is {state} first")
    if sources == {target}:
        raise EditError(f"{in_words(pictures, gallery)}: already in {title(labels, target)}")
    wanted = grouping.clusters.copy()
    wanted[chosen] = target
    new = gallery.placer.place(with_decided(labels, {*sources, target}), wanted, chosen, chosen)
    return _moved(new, chosen, f"moved to {title(new, target)}", gallery, grouping, {*sources, target})


def set_aside(pictures: Sequence[int], gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    """Nobody is sure about these pictures."""
    check_pictures(pictures, gallery)
    chosen = gallery.placer.copies(pictures)
    sources = {int(cluster) for cluster in grouping.clusters[chosen]}
    wanted = grouping.clusters.copy()
    wanted[chosen] = NOISE
    new = gallery.placer.place(labels, wanted, chosen)
    return _moved(new, chosen, "set aside as not sure", gallery, grouping, sources)


def remove(pictures: Sequence[int], gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    """Remove pictures from the groups that they are in."""
    check_pictures(pictures, gallery)
    chosen = [picture for picture in gallery.placer.copies(pictures) if grouping.clusters[picture] != NOISE]
    if not chosen:
        out = Lookup(labels.edits.excluded).find(gallery.vectors[list(pictures)])
        raise EditError(f"{in_words(pictures, gallery)}: {'removed already' if out else 'in no group'}")
    new = gallery.placer.forget(labels, chosen)
    for picture in chosen:
        new = _exclude(picture, int(grouping.clusters[picture]), gallery, new)
    new = gallery.placer.hold(new, grouping.clusters, chosen)
    sources = {int(cluster) for cluster in grouping.clusters[chosen]}
    groups = " and ".join(title(labels, cluster) for cluster in sorted(sources))
    return _moved(new, chosen, f"removed from {groups}", gallery, grouping, sources)


def answer(
    yes: Sequence[int], no: Sequence[int], group: Group, gallery: Gallery, labels: Labels, grouping: Grouping
) -> Edited:
    """Which pictures belong to a group, and which do not: the ones go there, the others never do."""
    check_pictures([*yes, *no], gallery)
    chosen = [picture for picture in gallery.placer.copies(yes) if grouping.clusters[picture] != group.cluster]
    refused = [picture for picture in gallery.placer.copies(no) if picture not in chosen]
    if not chosen and not refused:
        raise EditError("no picture was said to belong or not to")
    members = [picture for picture in refused if grouping.clusters[picture] == group.cluster]
    new, wanted = labels, grouping.clusters.copy()
    if chosen:
        wanted[chosen] = group.cluster
        decided = {group.cluster, *grouping.clusters[chosen].tolist()}
        new = gallery.placer.place(with_decided(new, decided), wanted, chosen, chosen)
    for picture in refused:
        new = _exclude(picture, group.cluster, gallery, new)
    new = gallery.placer.hold(gallery.placer.forget(new, members), wanted, [*chosen, *members])
    called = title(labels, group.cluster)
    parts = [f"{in_words(chosen, gallery)} moved to {called}"] if chosen else []
    parts += [f"{in_words(refused, gallery)} not in {called}"] if refused else []
    touched = {group.cluster, *grouping.clusters[chosen].tolist()} - {NOISE}
    return Edited(with_exemplars(new, gallery, gallery.placer.positions(new), touched), sentence(", ".join(parts)))


def put_back(pictures: Sequence[int], gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    """Undo what was decided about pictures that were removed or set aside."""
    check_pictures(pictures, gallery)
    own = gallery.vectors[list(pictures)]
    unsure = [entry for entry in labels.edits.placed if entry.cluster == NOISE]
    known = {id(entry) for entry in Lookup([*labels.edits.excluded]).find(own).values()}
    known |= {id(entry) for entry in Lookup(unsure).find(own).values()}
    if not known:
        raise EditError(f"{in_words(pictures, gallery)}: not removed")
    new = _without(known, labels)
    chosen = gallery.placer.copies(pictures)
    new = gallery.placer.hold(new, grouping.clusters, chosen)
    return _moved(new, chosen, "put back", gallery, grouping, _clusters(known, labels.edits.excluded), "again")


def put_back_missing(entry: Excluded | None, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    """Undo the removal of a picture whose file is gone."""
    if entry is None:
        raise EditError("that picture was put back already")
    new = gallery.placer.hold(_without({id(entry)}, labels), grouping.clusters, [])
    groups = " and ".join(title(labels, cluster) for cluster in entry.clusters)
    return Edited(new, f"{entry.picture} put back: pictures like it may be in {groups} again")


def new_cluster(
    gallery: Gallery, labels: Labels, pictures: Sequence[int], sources: Collection[int]
) -> tuple[int, Labels]:
    """The number of a new group of these pictures, and labels that know it. `sources` are the groups that they leave.

    It reaches as far as its pictures are from one another, but no further than most of its pictures' groups did.
    """
    trained = gallery.bundle.arrays.eps
    cluster = first_free(gallery.bundle.manifest, labels, gallery.folder)
    known = [source for source in sources if source != NOISE]
    limits = dict(enumerate(trained.tolist())) | labels.edits.eps
    eps = limits[int(np.bincount(known).argmax())] if known else float(np.median(trained[trained > 0]))
    if 1 < len(pictures) <= _MOST_PAIRWISE:
        points = gallery.points[list(pictures)]
        distances, _ = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points).kneighbors()
        widest = float(distances.max())
        if gallery.bundle.manifest.clustering.metric == "cosine":
            widest = widest**2 / 2
        eps = min(eps, widest) if widest > _COPIES else eps
    # A bundle numbers groups without gaps: an id that is passed over, as it was given out before, has no pictures.
    numbered = dict.fromkeys(range(next_id(len(trained), labels), cluster + 1), eps)
    edits = labels.edits.model_copy(update={"eps": {**labels.edits.eps, **numbered}})
    return cluster, labels.model_copy(update={"edits": edits})


def _exclude(picture: int, cluster: int, gallery: Gallery, labels: Labels) -> Labels:
    before = Lookup(labels.edits.excluded).find(gallery.vectors[[picture]]).get(0)
    if before is not None and cluster in before.clusters:
        return labels
    if before is not None:
        entry = before.model_copy(update={"clusters": (*before.clusters, cluster)})
    else:
        vector = vector_bytes(gallery.vectors[picture])
        entry = Excluded(picture=gallery.names[picture], clusters=(cluster,), vector=vector)
    others = (known for known in labels.edits.excluded if known is not before)
    return with_excluded(labels, (*others, entry))


def _without(known: Collection[int], labels: Labels) -> Labels:
    """Labels without some entries, told by their identity."""

    def rest[Entry: Excluded | Placed](entries: Iterable[Entry]) -> tuple[Entry, ...]:
        return tuple(entry for entry in entries if id(entry) not in known)

    edits = labels.edits
    changes = {"excluded": rest(edits.excluded), "placed": rest(edits.placed)}
    return labels.model_copy(update={"edits": edits.model_copy(update=changes)})


def _clusters(known: Collection[int], excluded: Iterable[Excluded]) -> set[int]:
    return {cluster for entry in excluded if id(entry) in known for cluster in entry.clusters}


def _moved(
    labels: Labels,
    chosen: Sequence[int],
    what: str,
    gallery: Gallery,
    before: Grouping,
    touched: Collection[int],
    still: str = "now",
) -> Edited:
    """The edit with its message: who else came along, and where a single picture is now."""
    positions = gallery.placer.positions(labels)
    message = f"{in_words(chosen, gallery)} {what}"
    if len(chosen) == 1 and not what.startswith("moved"):
        cluster = int(positions[chosen[0]])
        message += f": {'unclustered' if cluster == NOISE else f'in {title(labels, cluster)}'} {still}"
    followed = (positions != before.clusters) & (before.clusters == NOISE) & (positions != NOISE)
    followed[list(chosen)] = False
    if followed.any():
        count = int(followed.sum())
        message += f". {count} unclustered picture{'s' if count > 1 else ''} like that came along"
    return Edited(with_exemplars(labels, gallery, positions, {*touched} - {NOISE}), message)
