"""What a person can do to the groups, as functions from labels to labels. Nothing here is saved or undone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shared.bundle import Labels
from shared.clusters import NOISE
from shared.errors import UserError
from shared.model import apply_edits
from training.gallery import Gallery, Group, Grouping
from training.names import make_labels
from training.page.splitting import Way, cut

# A name is a word or a few; AI Search would take 32,766 bytes, a reader would not.
_LONGEST_NAME = 100


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


class TakeOut(_Edit):
    """Take a picture out of its group's core samples."""

    op: Literal["take_out"]
    picture: int


class PutBack(_Edit):
    """Make a picture that was taken out a core sample again."""

    op: Literal["put_back"]
    picture: int


class Split(_Edit):
    """Cluster a group's own pictures again with a smaller eps."""

    op: Literal["split"]
    group: int
    eps: float = Field(gt=0)
    min_samples: int = Field(ge=1)


type Edit = Annotated[Name | Mark | TakeOut | PutBack | Split, Field(discriminator="op")]


@dataclass(frozen=True, slots=True)
class Edited:
    labels: Labels
    said: str
    """What was done, in words."""


def apply(edit: Edit, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    """Make one edit. `grouping` is the one shown (see shown_grouping). Raises EditError."""
    match edit:
        case Name():
            return _name(edit, labels, _group(grouping, edit.group))
        case Mark():
            return _mark(edit, labels, _group(grouping, edit.group))
        case TakeOut():
            return _take_out(edit.picture, gallery, labels, grouping)
        case PutBack():
            return _put_back(edit.picture, gallery, labels, grouping)
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


def title(labels: Labels, cluster: int) -> str:
    """How messages call a group."""
    names = labels.labels.get(cluster)
    return f"“{', '.join(names)}”" if names else f"group {cluster}"


def is_out(labels: Labels, sample: int | None) -> bool:
    """Whether a core sample was taken out."""
    return sample is not None and labels.edits.core.get(sample) == NOISE


def _name(edit: Name, labels: Labels, group: Group) -> Edited:
    before = labels.labels.get(group.cluster, ())
    removed = {name.casefold() for name in edit.remove}
    names = [name for name in before if name.casefold() not in removed]
    for name in map(_tidy, edit.add):
        if name and name.casefold() not in {known.casefold() for known in names}:
            names.append(name)
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


def _take_out(picture: int, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    name, sample = _known(picture, gallery)
    cluster = int(grouping.clusters[picture])
    if is_out(labels, sample):
        raise EditError(f"{name} was taken out already")
    if cluster == NOISE:
        raise EditError(f"{name} is in no group")
    if sample is None:
        raise EditError(
            f"{name} is no core sample: it is in {title(labels, cluster)} only because it lies within "
            f"{grouping.distances[picture]:.3f} of one. Take that out, or split the group"
        )
    new = _with_core(labels, {sample: NOISE})
    after = gallery.grouping(new)
    new = _with_exemplars(new, gallery, after, [cluster])
    still = int(after.clusters[picture])
    effect = (
        f"but still near enough to answer {title(labels, still)} ({after.distances[picture]:.3f})"
        if still != NOISE
        else "and unclustered now"
    )
    return Edited(new, f"{name} taken out of {title(labels, cluster)}, {effect}")


def _put_back(picture: int, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    name, sample = _known(picture, gallery)
    if sample is None or not is_out(labels, sample):
        raise EditError(f"{name} was not taken out")
    shown, trained = int(grouping.clusters[picture]), int(gallery.bundle.arrays.clusters[sample])
    alive = {group.cluster for group in grouping.groups}
    if shown == NOISE and trained not in alive:
        raise EditError(f"the group that {name} was taken out of is gone: undo instead")
    home = shown if shown != NOISE else trained
    core = {row: cluster for row, cluster in labels.edits.core.items() if row != sample}
    if home != trained:
        core[sample] = home
    new = _replace_edits(labels, core=core)
    return Edited(_with_exemplars(new, gallery, gallery.grouping(new), [home]), f"{name} put back")


def _split(edit: Split, gallery: Gallery, labels: Labels, grouping: Grouping) -> Edited:
    group = _group(grouping, edit.group)
    if group.cluster in labels.not_groups:
        raise EditError(f"{title(labels, group.cluster)} is marked as no group: make it a group again first")
    parts = cut(gallery, labels, group, Way(edit.eps, edit.min_samples))
    if len(parts) < 2:
        raise EditError(f"{title(labels, group.cluster)} does not come apart at eps {edit.eps:.4g}")
    first = gallery.bundle.manifest.counts.clusters + len(labels.edits.eps)
    ids = range(first, first + len(parts))
    current, _, _ = apply_edits(gallery.bundle.arrays, labels)
    core = {int(row): NOISE for row in np.flatnonzero(current == group.cluster)}
    core |= {int(row): cluster for cluster, rows in zip(ids, parts, strict=True) for row in rows}
    new = _with_core(labels, core)
    new = _replace_edits(new, eps={**new.edits.eps, **dict.fromkeys(ids, edit.eps)})
    names = labels.labels.get(group.cluster, ())
    given = {cluster: kept for cluster, kept in labels.labels.items() if cluster != group.cluster}
    given |= dict.fromkeys(ids, names) if names else {}
    exemplars = {cluster: kept for cluster, kept in labels.exemplars.items() if cluster != group.cluster}
    new = new.model_copy(update={"labels": dict(sorted(given.items())), "exemplars": exemplars})
    said = f"{title(labels, group.cluster)} split into {len(parts)}"
    return Edited(_with_exemplars(new, gallery, gallery.grouping(new), ids), said[0].upper() + said[1:])


def _group(grouping: Grouping, cluster: int) -> Group:
    for group in grouping.groups:
        if group.cluster == cluster:
            return group
    raise EditError(f"group {cluster} is not there any more: it was split or emptied meanwhile")


def _known(picture: int, gallery: Gallery) -> tuple[str, int | None]:
    if not 0 <= picture < len(gallery.names):
        raise EditError(f"there is no picture {picture}")
    return gallery.names[picture], gallery.samples[picture]


def _with_core(labels: Labels, changes: Mapping[int, int]) -> Labels:
    return _replace_edits(labels, core={**labels.edits.core, **changes})


def _replace_edits(labels: Labels, **changes: Mapping[int, int] | Mapping[int, float]) -> Labels:
    ordered = {name: dict(sorted(values.items())) for name, values in changes.items()}
    return labels.model_copy(update={"edits": labels.edits.model_copy(update=ordered)})


def _with_exemplars(labels: Labels, gallery: Gallery, grouping: Grouping, clusters: Iterable[int]) -> Labels:
    """The most central pictures of some groups anew: by these their names are found again after the next training."""
    counted = gallery.trained & ~_out(gallery, labels)
    ids = np.where(counted, grouping.clusters, NOISE).astype(np.int32)
    found = make_labels({}, gallery.names, ids, grouping.centrality).exemplars
    exemplars = {**labels.exemplars, **{cluster: found.get(cluster, ()) for cluster in clusters}}
    return labels.model_copy(update={"exemplars": dict(sorted(exemplars.items()))})


def _out(gallery: Gallery, labels: Labels) -> NDArray[np.bool_]:
    return np.array([is_out(labels, sample) for sample in gallery.samples], dtype=np.bool_)
