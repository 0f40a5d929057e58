"""What all edits share: their result, their errors, and how they call groups and pictures in messages."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.errors import UserError
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from training.gallery.gallery import Gallery, Group, Grouping
from training.model.names import make_labels


class EditError(UserError):
    """An edit that can't be made. The message says why, to the person who tried."""


@dataclass(frozen=True, slots=True)
class Edited:
    labels: Labels
    message: str
    """What was done, in words."""


def find_group(grouping: Grouping, cluster: int) -> Group:
    """Raises EditError when the group is not there."""
    for group in grouping.groups:
        if group.cluster == cluster:
            return group
    raise EditError(f"group {cluster} is not there any more: it was split, merged or emptied meanwhile")


def title(labels: Labels, cluster: int) -> str:
    """How messages call a group."""
    names = labels.labels.get(cluster)
    return f"“{', '.join(names)}”" if names else f"group {cluster}"


def sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def check_pictures(pictures: Collection[int], gallery: Gallery) -> None:
    """Raises EditError for a position that no picture has."""
    for picture in pictures:
        if not 0 <= picture < len(gallery.names):
            raise EditError(f"there is no picture {picture}")


def in_words(pictures: Collection[int], gallery: Gallery) -> str:
    """One picture by its name, copies of one by the first one's, others by their number."""
    first = gallery.names[min(pictures)] if pictures else ""
    if len(pictures) == 1:
        return first
    if any({*pictures} <= {*itertools.chain(*stack)} for stack in gallery.stacks):
        return f"{first} and {len(pictures) - 1:,} {'copy' if len(pictures) == 2 else 'copies'}"
    return f"{len(pictures):,} pictures"


def with_names(labels: Labels, cluster: int, names: tuple[str, ...]) -> Labels:
    """Labels in which a cluster has these names and no others. A person gave them: they are no conflict."""
    given = {known: kept for known, kept in labels.labels.items() if known != cluster}
    if names:
        given[cluster] = names
    conflicts = tuple(other for other in labels.conflicts if other != cluster)
    return labels.model_copy(update={"labels": dict(sorted(given.items())), "conflicts": conflicts})


def without_proposed(labels: Labels, clusters: Collection[int]) -> Labels:
    """Labels in which some clusters are proposed no longer, since a person said what they are."""
    proposed = tuple(cluster for cluster in labels.proposed if cluster not in clusters)
    return labels.model_copy(update={"proposed": proposed})


def with_decided(labels: Labels, clusters: Iterable[int]) -> Labels:
    """Labels in which these clusters are put together by a person."""
    decided = tuple(sorted({*labels.edits.decided, *clusters} - {NOISE}))
    return labels.model_copy(update={"edits": labels.edits.model_copy(update={"decided": decided})})


def with_exemplars(labels: Labels, gallery: Gallery, positions: NDArray[np.int32], clusters: Collection[int]) -> Labels:
    """The most central pictures of some groups anew: by these their names are found again after the next training.

    `positions` has the cluster of each picture, shape (n,).
    """
    grouping = gallery.arrange(positions, np.zeros(len(positions), dtype=np.float32))
    ids = np.where(gallery.trained & np.isin(positions, [*clusters]), positions, NOISE).astype(np.int32)
    found = make_labels({}, gallery.names, ids, grouping.centrality, gallery.vectors).exemplars
    exemplars = {**labels.exemplars, **{cluster: found.get(cluster, ()) for cluster in clusters}}
    kept = {cluster: pictures for cluster, pictures in exemplars.items() if pictures}
    return labels.model_copy(update={"exemplars": dict(sorted(kept.items()))})
