"""The document as the page's scripts read it: plain values, pictures by their position in the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from shared.model.assigner import Assigner, apply_edits
from shared.model.core_samples import NOISE, CoreSamples
from shared.model.exclusions import find_excluded
from shared.model.model import Assignment
from shared.model.remembered import Lookup
from training.gallery.gallery import Gallery, Group
from training.page.document import Snapshot
from training.page.edited import check_pictures
from training.page.edits import embedding_digest
from training.page.regrouping import MOST_PARTS
from training.page.splitting import split_parts

type Mark = Literal["core", "border", "new", "out", "unsure"]
"""A core sample, a picture near one, one that came after training, one removed, or one set aside as not sure."""

# Beside a tried picture: enough to see why it is where it is.
_ALIKE = 6

# Proposals at a time: more than anybody answers before the next ones are better.
_MOST_PROPOSED = 60

# How far beyond a group's own radius a picture or another group may be to be asked about.
_ASKED_WITHIN = 1.5

# Two pictures of a group may be a radius apart and of two kinds; half of it keeps to one.
_ALIKE_SHARE = 0.5


class PictureView(TypedDict):
    picture: int
    mark: Mark
    distance: float | None
    """To the nearest core sample; None where there is none."""


class GroupView(TypedDict):
    id: int
    names: Sequence[str]
    notGroup: bool
    conflict: bool
    """Whether its names are those of several groups, which training found to be one."""
    category: str | None
    spread: float
    """Mean distance of its pictures to their centre, to sort by."""
    pictures: list[PictureView]
    out: list[PictureView]
    """Excluded of this group, wherever they are now."""


class MissingView(TypedDict):
    """A picture that was removed and is not among the pictures any more: its file is gone or can't be read."""

    embedding: str
    """What the edit that puts it back calls it."""
    name: str
    groups: Sequence[int]
    """That it was removed from."""


class StateView(TypedDict):
    digest: str
    model: str
    groups: list[GroupView]
    unclustered: list[PictureView]
    excludedMissing: list[MissingView]
    pictures: int
    missing: int
    categories: Sequence[str]
    undo: str | None
    redo: str | None
    problem: str | None


class AlikeView(TypedDict):
    picture: int
    distance: float
    group: int


class TriedView(TypedDict):
    group: int
    names: Sequence[str]
    suggested: Sequence[str]
    distance: float | None
    confidence: float
    eps: float | None
    """The limit that the distance is to be compared with: the eps of the group, or of the nearest one."""
    alike: list[AlikeView]


class SplitOptionView(TypedDict):
    parts: list[tuple[int, ...]]
    """Pictures of each part, the largest part first."""


class ProposalView(TypedDict):
    """A question that one key answers: are these groups the same, or does this picture belong to the group?"""

    groups: Sequence[int]
    """Two groups, or the one that the picture may belong to."""
    picture: int | None
    doubt: float
    """Distance as a share of the group's radius: the smaller, the surer."""


def state_view(gallery: Gallery, found: Snapshot, problem: str | None) -> StateView:
    """Everything that changes; the pictures' names are sent once."""
    current, _, _ = apply_edits(gallery.bundle.arrays, found.labels.model_copy(update={"not_groups": ()}))
    taken = find_excluded(found.labels.edits.excluded, gallery.vectors)
    here = set(taken.values())
    unsure = set(Lookup([entry for entry in found.labels.edits.placed if entry.cluster == NOISE]).find(gallery.vectors))
    return StateView(
        digest=found.digest,
        model=gallery.bundle.manifest.name,
        groups=[
            GroupView(
                id=group.cluster,
                names=found.labels.labels.get(group.cluster, ()),
                notGroup=group.cluster in found.labels.not_groups,
                conflict=group.cluster in found.labels.conflicts,
                category=_category(gallery, group),
                spread=round(group.spread, 4),
                pictures=[
                    _picture_view(found, picture, _mark(gallery, current, picture, group.cluster))
                    for picture in group.pictures
                ],
                out=[
                    _picture_view(found, picture, "out")
                    for picture, entry in taken.items()
                    if group.cluster in entry.clusters
                ],
            )
            for group in found.shown.groups
        ],
        unclustered=[
            _picture_view(
                found,
                picture,
                "unsure"
                if picture in unsure
                else "out"
                if picture in taken
                else _mark(gallery, current, picture, NOISE),
            )
            for picture in found.shown.unclustered
        ],
        excludedMissing=[
            MissingView(embedding=embedding_digest(entry), name=entry.picture, groups=entry.clusters)
            for entry in found.labels.edits.excluded
            if entry not in here
        ],
        pictures=len(gallery.names),
        missing=len(gallery.missing),
        categories=tuple(gallery.bundle.manifest.categories),
        undo=found.undo,
        redo=found.redo,
        problem=problem,
    )


def split_option_views(gallery: Gallery, group: Group) -> list[SplitOptionView]:
    """The options for splitting a group: into two parts, into three, and so on."""
    found = (split_parts(gallery, group, count) for count in range(2, MOST_PARTS + 1))
    return [SplitOptionView(parts=parts) for parts in found if parts]


def proposal_views(gallery: Gallery, found: Snapshot) -> list[ProposalView]:
    """What to ask a person next, the surest first. What was answered is not asked again."""
    _, eps, _ = apply_edits(gallery.bundle.arrays, found.labels)
    proposals = [*_same_groups(gallery, found, eps), *_near_misses(gallery, found, eps)]
    return sorted(proposals, key=lambda proposal: proposal["doubt"])[:_MOST_PROPOSED]


def _same_groups(gallery: Gallery, found: Snapshot, eps: NDArray[np.float32]) -> list[ProposalView]:
    """Pairs of groups whose centres are near."""
    groups = [group for group in found.shown.groups if group.cluster not in found.labels.not_groups]
    if len(groups) < 2:
        return []
    centres = np.stack([gallery.points[list(group.pictures)].mean(axis=0) for group in groups])
    distances = cdist(centres, centres, gallery.bundle.manifest.clustering.metric)
    apart = set(found.labels.edits.apart)
    proposals: list[ProposalView] = []
    for row, column in zip(*np.triu_indices(len(groups), 1), strict=True):
        one, other = groups[row].cluster, groups[column].cluster
        doubt = float(distances[row, column] / max(eps[one], eps[other]))
        if doubt <= _ASKED_WITHIN and (one, other) not in apart:
            proposals.append(ProposalView(groups=(one, other), picture=None, doubt=_rounded(doubt)))
    return proposals


def _near_misses(gallery: Gallery, found: Snapshot, eps: NDArray[np.float32]) -> list[ProposalView]:
    """Unclustered pictures that are near a group."""
    manifest = gallery.bundle.manifest
    assigner = Assigner(gallery.bundle.arrays, found.labels, manifest.clustering.metric, manifest.categories)
    unsure = set(Lookup([entry for entry in found.labels.edits.placed if entry.cluster == NOISE]).find(gallery.vectors))
    pictures = [picture for picture in found.shown.unclustered if picture not in unsure]
    proposals: list[ProposalView] = []
    for category in dict.fromkeys(gallery.categories[picture] for picture in pictures):
        own = [picture for picture in pictures if gallery.categories[picture] == category]
        near = assigner.assign(gallery.vectors[own], category)
        for picture, cluster, distance in zip(own, near.near.tolist(), near.distances.tolist(), strict=True):
            doubt = distance / float(eps[cluster])
            if cluster != NOISE and doubt <= _ASKED_WITHIN:
                proposals.append(ProposalView(groups=(cluster,), picture=picture, doubt=_rounded(doubt)))
    return proposals


def alike(gallery: Gallery, found: Snapshot, cluster: int, pictures: Sequence[int]) -> list[int]:
    """The pictures of a group (of none: NOISE) that are nearer to one of some pictures than half the group's radius.

    Nearest first, those pictures themselves included. Raises EditError for pictures that are not there.
    """
    check_pictures(pictures, gallery)
    _, eps, _ = apply_edits(gallery.bundle.arrays, found.labels)
    limit = float(eps[cluster] if 0 <= cluster < len(eps) else np.median(eps)) * _ALIKE_SHARE
    members = np.flatnonzero(found.shown.clusters == cluster)
    samples = CoreSamples(
        gallery.vectors[list(pictures)],
        np.zeros(len(pictures), dtype=np.int32),
        gallery.bundle.manifest.clustering.metric,
    )
    distances = samples.nearest(gallery.vectors[members]).distances
    order = np.argsort(distances, kind="stable")
    return members[order[distances[order] <= limit]].tolist()


def _category(gallery: Gallery, group: Group) -> str | None:
    """That its pictures were trained in."""
    return next((gallery.categories[picture] for picture in group.pictures if gallery.categories[picture]), None)


def tried_view(gallery: Gallery, found: Snapshot, vector: NDArray[np.float32], assignment: Assignment) -> TriedView:
    """What the Function would answer for a picture with this embedding, and the pictures most like it."""
    distances = gallery.distances_to(vector)
    nearest = np.argsort(distances, kind="stable")[:_ALIKE].tolist()
    groups = [int(found.answered.clusters[picture]) for picture in nearest]
    compared = next((group for group in (assignment.cluster, *groups) if group != NOISE), None)
    _, eps, _ = apply_edits(gallery.bundle.arrays, found.labels)
    return TriedView(
        group=assignment.cluster,
        names=assignment.names,
        suggested=assignment.suggested,
        distance=_finite(assignment.distance),
        confidence=round(assignment.confidence, 4),
        eps=None if compared is None else _rounded(float(eps[compared])),
        alike=[
            AlikeView(picture=picture, distance=_rounded(float(distances[picture])), group=group)
            for picture, group in zip(nearest, groups, strict=True)
        ],
    )


def _picture_view(found: Snapshot, picture: int, mark: Mark) -> PictureView:
    return PictureView(picture=picture, mark=mark, distance=_finite(float(found.shown.distances[picture])))


def _mark(gallery: Gallery, current: NDArray[np.int32], picture: int, cluster: int) -> Mark:
    """`current` has the cluster of each core sample."""
    if not gallery.trained[picture]:
        return "new"
    sample = gallery.samples[picture]
    return "core" if sample is not None and current[sample] == cluster != NOISE else "border"


def _finite(value: float) -> float | None:
    return _rounded(value) if isfinite(value) else None


def _rounded(value: float) -> float:
    return round(value, 4)
