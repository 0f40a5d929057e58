"""What a person can do to the groups: the edits as the page sends them, and which function makes each.

Nothing here is saved or undone.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shared.digests import sha256
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from shared.model.exclusions import Excluded
from shared.model.parts import unmarked
from training.gallery.gallery import Gallery, Grouping
from training.page.edited import Edited, find_group
from training.page.moving import answer, move, put_back, put_back_missing, remove, set_aside
from training.page.naming import mark, name
from training.page.regrouping import MOST_PARTS, merge, set_apart, split

type Pictures = Annotated[tuple[int, ...], Field(min_length=1)]
"""Positions in the gallery."""


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Name(_Edit):
    """Add and remove names of a group; others that it has stay, whoever gave them meanwhile."""

    op: Literal["name"]
    group: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Mark(_Edit):
    """Say that a group is not one, or that it is after all."""

    op: Literal["mark"]
    group: int
    not_group: bool


class Remove(_Edit):
    """Remove pictures from their groups: neither they nor new ones more like them answer those any more."""

    op: Literal["remove"]
    pictures: Pictures


class PutBack(_Edit):
    """Let pictures that were removed, or that nobody was sure about, belong again where they did."""

    op: Literal["put_back"]
    pictures: Pictures


class PutBackMissing(_Edit):
    """Put back a picture that is not among the pictures any more: its file is gone or can't be read."""

    op: Literal["put_back_missing"]
    embedding: str
    """As `embedding_digest` tells it: without its file, this is all that the picture is known by."""


class Move(_Edit):
    """Put pictures into another group, or into a new one."""

    op: Literal["move"]
    pictures: Pictures
    group: int | None = None
    """None for a new group."""
    name: str = ""
    """Of the new group."""


class Unsure(_Edit):
    """Say that nobody is sure where pictures belong: they answer as unclustered until somebody is."""

    op: Literal["unsure"]
    pictures: Pictures


class Belong(_Edit):
    """Say which pictures belong to a group, and which others do not."""

    op: Literal["belong"]
    group: int
    yes: tuple[int, ...] = ()
    no: tuple[int, ...] = ()


class Merge(_Edit):
    """Make one group of several."""

    op: Literal["merge"]
    groups: Annotated[tuple[int, ...], Field(min_length=2)]
    names: tuple[str, ...]
    """Of the one that they become: a person says which of their names hold."""


class Apart(_Edit):
    """Say that two groups are not the same."""

    op: Literal["apart"]
    groups: tuple[int, int]


class Split(_Edit):
    """Make several groups of one, by what sets its pictures apart."""

    op: Literal["split"]
    group: int
    parts: int = Field(ge=2, le=MOST_PARTS)
    names: tuple[str, ...] = ()
    """One for each part, the largest first; where there is none, a part gets the group's names."""


type Edit = Annotated[
    Name | Mark | Remove | PutBack | PutBackMissing | Move | Unsure | Belong | Merge | Apart | Split,
    Field(discriminator="op"),
]


def apply(edit: Edit, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:  # noqa: PLR0911 (one an edit)
    """Make one edit. `grouping` is the one shown (see shown_grouping). Raises training.page.edited.EditError."""
    match edit:
        case Name():
            group = find_group(grouping, edit.group)
            return settled(name(labels, group, edit.add, edit.remove), labels, gallery, grouping)
        case Mark():
            group = find_group(grouping, edit.group)
            return settled(mark(labels, group, not_group=edit.not_group), labels, gallery, grouping)
        case Remove():
            return remove(edit.pictures, gallery, labels, grouping)
        case PutBack():
            return put_back(edit.pictures, gallery, labels, grouping)
        case PutBackMissing():
            entry = next((known for known in labels.edits.excluded if embedding_digest(known) == edit.embedding), None)
            return put_back_missing(entry, gallery, labels, grouping)
        case Move():
            return move(edit.pictures, edit.group, edit.name, gallery, labels, grouping)
        case Unsure():
            return set_aside(edit.pictures, gallery, labels, grouping)
        case Belong():
            return answer(edit.yes, edit.no, find_group(grouping, edit.group), gallery, labels, grouping)
        case Merge():
            groups = [find_group(grouping, cluster) for cluster in dict.fromkeys(edit.groups)]
            return merge(groups, edit.names, gallery, labels, grouping)
        case Apart():
            one, other = (find_group(grouping, cluster) for cluster in edit.groups)
            return set_apart(one, other, labels)
        case _:
            return split(find_group(grouping, edit.group), edit.parts, edit.names, gallery, labels, grouping)


def shown_grouping(gallery: Gallery, labels: Labels, answered: Grouping) -> Grouping:
    """As the Function answers, except that groups marked as none, and proposed ones, have their pictures to be seen.

    `answered` is gallery.grouping(labels).
    """
    if not labels.unanswered:
        return answered
    every = gallery.grouping(unmarked(labels))
    marked = (answered.clusters == NOISE) & np.isin(every.clusters, labels.unanswered)
    clusters = np.where(marked, every.clusters, answered.clusters)
    return gallery.arrange(clusters, np.where(marked, every.distances, answered.distances))


def settled(edited: Edited, before: Labels, gallery: Gallery, grouping: Grouping) -> Edited:
    """The edit; where it says what becomes of a proposed group, every other picture stays where it is."""
    if edited.labels.proposed == before.proposed:
        return edited
    return Edited(gallery.placer.hold(edited.labels, grouping.clusters, []), edited.message)


def embedding_digest(entry: Excluded) -> str:
    """What an edit calls a picture that was removed and has no position in the gallery: SHA-256 of its embedding."""
    return sha256(entry.vector)
