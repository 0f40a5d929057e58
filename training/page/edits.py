"""What a person can do to the groups, as functions from labels to labels. Nothing here is saved or undone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shared.digests import sha256
from shared.errors import UserError
from shared.model.assigner import apply_edits
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from shared.model.exclusions import Excluded, find_excluded
from shared.model.parts import MOST_NAMES
from training.gallery.gallery import Gallery, Group, Grouping
from training.model.names import make_labels
from training.page.splitting import SplitOption, split_parts

# A name is a word or a few; AI Search would take 32,766 bytes, a reader would not.
_LONGEST_NAME = 100

_MOST_TOLD = 3  # of the pictures that a message names


class EditError(UserError):
    """An edit that can't be made. The message says why, to the person who tried."""


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Name(_Edit):
    """Add and remove names of a group; others that it has stay, whoever gave them meanwhile."""

    op: Literal["name"]
    group: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Mark(_Edit):
    """Say that a group is none, or that it is one after all."""

    op: Literal["mark"]
    group: int
    not_group: bool


class Remove(_Edit):
    """Take a picture out of its group: neither it nor what is more like it answers that group any more."""

    op: Literal["remove"]
    picture: int


class PutBack(_Edit):
    """Let a picture that was removed belong again where it did, whatever the groups that it was removed from."""

    op: Literal["put_back"]
    picture: int


class PutBackMissing(_Edit):
    """Put back a picture that is not among the pictures any more: its file is gone or can't be read."""

    op: Literal["put_back_missing"]
    embedding: str
    """As `embedding_digest` tells it: without its file, this is all that the picture is known by."""


class Split(_Edit):
    """Cluster a group's own pictures again with a smaller eps."""

    op: Literal["split"]
    group: int
    eps: float = Field(gt=0)
    min_samples: int = Field(ge=1)


type Edit = Annotated[Name | Mark | Remove | PutBack | PutBackMissing | Split, Field(discriminator="op")]


@dataclass(frozen=True, slots=True)
class Edited:
    labels: Labels
    message: str
    """What was done, in words."""


def apply(edit: Edit, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    """Make one edit. `grouping` is the one shown (see shown_grouping). Raises EditError."""
    match edit:
        case Name():
            return _name(edit, labels, _group(grouping, edit.group))
        case Mark():
            return _mark(edit, labels, _group(grouping, edit.group))
        case Remove():
            return _remove(edit.picture, gallery, labels, grouping)
        case PutBack():
            return _put_back(edit.picture, gallery, labels)
        case PutBackMissing():
            return _put_back_missing(edit.embedding, gallery, labels)
        case _:
            return _split(edit, gallery, labels, grouping)


def shown_grouping(gallery: Gallery, labels: Labels, answered: Grouping) -> Grouping:
    """As the Function answers, except that groups marked as none keep their pictures, so that one can see and undo it.

    `answered` is gallery.grouping(labels).
    """
    if not labels.not_groups:
        return answered
    unmarked = gallery.grouping(labels.model_copy(update={"not_groups": ()}))
    marked = (answered.clusters == NOISE) & np.isin(unmarked.clusters, labels.not_groups)
    clusters = np.where(marked, unmarked.clusters, answered.clusters)
    return gallery.arrange(clusters, np.where(marked, unmarked.distances, answered.distances))


def embedding_digest(entry: Excluded) -> str:
    """What an edit calls a picture that was removed and has no position in the gallery: SHA-256 of its embedding."""
    return sha256(entry.vector)


def title(labels: Labels, cluster: int) -> str:
    """How messages call a group."""
    names = labels.labels.get(cluster)
    return f"“{', '.join(names)}”" if names else f"group {cluster}"


def _name(edit: Name, labels: Labels, group: Group) -> Edited:
    before = labels.labels.get(group.cluster, ())
    removed = {name.casefold() for name in edit.remove}
    names = [name for name in before if name.casefold() not in removed]
    for name in map(_tidy, edit.add):
        if name and name.casefold() not in {known.casefold() for known in names}:
            names.append(name)
    if len(names) > MOST_NAMES:
        raise EditError(f"that would be {len(names)} names: a group has at most {MOST_NAMES}")
    if tuple(names) == before:
        return Edited(labels, "Nothing to change")
    given = {cluster: kept for cluster, kept in labels.labels.items() if cluster != group.cluster}
    if names:
        given[group.cluster] = tuple(names)
    added = [name for name in names if name not in before]
    gone = [name for name in before if name not in names]
    changes = [f"{verb} “{', '.join(some)}”" for verb, some in (("named", added), ("no longer", gone)) if some]
    new = labels.model_copy(update={"labels": dict(sorted(given.items()))})
    return Edited(new, f"Group {group.cluster} {' and '.join(changes)}")


def _tidy(name: str) -> str:
    """A name with its spaces in order. Raises EditError for what is no name."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if len(tidy) > _LONGEST_NAME:
        raise EditError(f"“{tidy[:20]}…” has {len(tidy)} characters: a name has at most {_LONGEST_NAME}")
    if not tidy.isprintable():
        raise EditError("a name can't hold characters that are not printed")
    return tidy


def _mark(edit: Mark, labels: Labels, group: Group) -> Edited:
    marked = set(labels.not_groups) - {group.cluster} | ({group.cluster} if edit.not_group else set())
    state = "marked as no group: its pictures answer as unclustered" if edit.not_group else "is a group again"
    called = title(labels, group.cluster)
    return Edited(
        labels.model_copy(update={"not_groups": tuple(sorted(marked))}), f"{called[0].upper()}{called[1:]} {state}"
    )


def _remove(picture: int, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    name = _name_of(picture, gallery)
    cluster = int(grouping.clusters[picture])
    before = find_excluded(labels.edits.excluded, gallery.vectors).get(picture)
    if cluster == NOISE:
        raise EditError(f"{name} was removed already" if before else f"{name} is in no group")
    if before:
        entry = before.model_copy(update={"clusters": (*before.clusters, cluster)})
    else:
        entry = Excluded(picture=name, clusters=(cluster,), vector=gallery.vectors[picture].astype("<f4").tobytes())
    others = tuple(taken for taken in labels.edits.excluded if taken is not before)
    new = _replace_edits(labels, excluded=(*others, entry))
    after = shown_grouping(gallery, new, gallery.grouping(new))
    message = f"{name} removed from {title(labels, cluster)}: {_whereabouts(picture, labels, after)} now"
    left = np.flatnonzero((grouping.clusters == cluster) & (after.clusters != cluster)).tolist()
    rest = [gallery.names[other] for other in left if other != picture]
    if rest:
        told = ", ".join(rest[:_MOST_TOLD]) + (", …" if len(rest) > _MOST_TOLD else "")
        message += f". {len(rest)} more like it than like the group went with it: {told}"
    return Edited(_with_exemplars(new, gallery, after, [cluster]), message)


def _put_back(picture: int, gallery: Gallery, labels: Labels) -> Edited:
    name = _name_of(picture, gallery)
    entry = find_excluded(labels.edits.excluded, gallery.vectors).get(picture)
    if entry is None:
        raise EditError(f"{name} was not removed")
    new, after = _without(entry, gallery, labels)
    return Edited(new, f"{name} put back: {_whereabouts(picture, labels, after)} again")


def _put_back_missing(embedding: str, gallery: Gallery, labels: Labels) -> Edited:
    entry = next((taken for taken in labels.edits.excluded if embedding_digest(taken) == embedding), None)
    if entry is None:
        raise EditError("that picture was put back already")
    new, _ = _without(entry, gallery, labels)
    groups = " and ".join(title(labels, cluster) for cluster in entry.clusters)
    return Edited(new, f"{entry.picture} put back: pictures like it may be in {groups} again")


def _without(entry: Excluded, gallery: Gallery, labels: Labels) -> tuple[Labels, Grouping]:
    """The labels as if a picture had not been removed, and where the pictures are then."""
    new = _replace_edits(labels, excluded=tuple(taken for taken in labels.edits.excluded if taken is not entry))
    after = shown_grouping(gallery, new, gallery.grouping(new))
    alive = [group.cluster for group in after.groups if group.cluster in entry.clusters]
    return _with_exemplars(new, gallery, after, alive), after


def _whereabouts(picture: int, labels: Labels, grouping: Grouping) -> str:
    cluster = int(grouping.clusters[picture])
    return "unclustered" if cluster == NOISE else f"in {title(labels, cluster)}"


def _split(edit: Split, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    group = _group(grouping, edit.group)
    if group.cluster in labels.not_groups:
        raise EditError(f"{title(labels, group.cluster)} is marked as no group: make it a group again first")
    parts = split_parts(gallery, labels, group, SplitOption(edit.eps, edit.min_samples))
    if len(parts) < 2:
        raise EditError(f"{title(labels, group.cluster)} does not come apart at eps {edit.eps:.4g}")
    first = gallery.bundle.manifest.counts.clusters + len(labels.edits.eps)
    ids = range(first, first + len(parts))
    # Those removed among them: nothing may be left of a group that is no more.
    everything, _, _ = apply_edits(gallery.bundle.arrays, _replace_edits(labels, excluded=()))
    core = {int(row): NOISE for row in np.flatnonzero(everything == group.cluster)}
    core |= {int(row): cluster for cluster, rows in zip(ids, parts, strict=True) for row in rows}
    new = _replace_edits(
        labels,
        core=dict(sorted({**labels.edits.core, **core}.items())),
        eps={**labels.edits.eps, **dict.fromkeys(ids, edit.eps)},
        excluded=tuple(_excluded_from_parts(taken, group.cluster, ids) for taken in labels.edits.excluded),
    )
    names = labels.labels.get(group.cluster, ())
    given = {cluster: kept for cluster, kept in labels.labels.items() if cluster != group.cluster}
    given |= dict.fromkeys(ids, names) if names else {}
    exemplars = {cluster: kept for cluster, kept in labels.exemplars.items() if cluster != group.cluster}
    new = new.model_copy(update={"labels": dict(sorted(given.items())), "exemplars": exemplars})
    message = f"{title(labels, group.cluster)} split into {len(parts)}"
    return Edited(_with_exemplars(new, gallery, gallery.grouping(new), ids), message[0].upper() + message[1:])


def _group(grouping: Grouping, cluster: int) -> Group:
    for group in grouping.groups:
        if group.cluster == cluster:
            return group
    raise EditError(f"group {cluster} is not there any more: it was split or emptied meanwhile")


def _excluded_from_parts(taken: Excluded, group: int, parts: Iterable[int]) -> Excluded:
    """What was removed from a group stays out of all that a split makes of it."""
    if group not in taken.clusters:
        return taken
    rest = (cluster for cluster in taken.clusters if cluster != group)
    return taken.model_copy(update={"clusters": (*rest, *parts)})


def _name_of(picture: int, gallery: Gallery) -> str:
    if not 0 <= picture < len(gallery.names):
        raise EditError(f"there is no picture {picture}")
    return gallery.names[picture]


def _replace_edits(labels: Labels, **changes: Mapping[int, int] | Mapping[int, float] | tuple[Excluded, ...]) -> Labels:
    return labels.model_copy(update={"edits": labels.edits.model_copy(update=changes)})


def _with_exemplars(labels: Labels, gallery: Gallery, grouping: Grouping, clusters: Iterable[int]) -> Labels:
    """The most central pictures of some groups anew: by these their names are found again after the next training."""
    ids = np.where(gallery.trained, grouping.clusters, NOISE).astype(np.int32)
    found = make_labels({}, gallery.names, ids, grouping.centrality).exemplars
    exemplars = {**labels.exemplars, **{cluster: found.get(cluster, ()) for cluster in clusters}}
    return labels.model_copy(update={"exemplars": dict(sorted(exemplars.items()))})
