"""The document as the page's scripts read it: plain values, pictures by their position in the gallery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from shared.model.assigner import Assigner, apply_edits
from shared.model.core_samples import NOISE, CoreSamples
from shared.model.exclusions import find_excluded
from shared.model.model import Assignment
from shared.model.parts import unmarked
from shared.model.remembered import Lookup
from training.gallery.gallery import Gallery, Group
from training.page.document import Snapshot
from training.page.edited import check_pictures
from training.page.edits import embedding_digest
from training.page.proposing import Proposer
from training.page.regrouping import MOST_PARTS
from training.page.splitting import split_parts
from training.page.suggesting import Suggester

type Mark = Literal["core", "border", "new", "out", "unsure"]
"""A core sample, a picture near one, one that came after training, one removed, or one set aside as not sure."""

# Beside a tried picture: enough to see why it is where it is.
_ALIKE = 6

# Two pictures of a group may be a radius apart and of two kinds; half of it keeps to one.
_ALIKE_SHARE = 0.5


class PictureView(TypedDict):
    picture: int
    mark: Mark
    distance: float | None
    """To the nearest core sample; None where there is none."""


class EvidenceView(TypedDict):
    """What speaks for a group that is proposed, besides its pictures."""

    places: Sequence[str]
    """Folders and URLs that its pictures came from; none for those that were among the model's own."""
    nearest: int
    """The group that its pictures are nearest to; NOISE where there is none."""
    away: float
    """How far, as the median of their distances to it, in its radii: 1 is at its border."""


class GroupView(TypedDict):
    id: int
    names: Sequence[str]
    notGroup: bool
    proposed: EvidenceView | None
    """None where nobody needs to be asked whether it is a group."""
    conflict: bool
    """Whether its names are those of several groups, which training found to be one."""
    category: str | None
    distanceToCentre: float
    """Mean of its pictures, to sort by."""
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
    weak: bool
    """Whether the groups hardly set themselves apart, as training found."""


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
    suggested: list[list[str]]
    """Names that each part could have, the best first."""


class ProposalView(TypedDict):
    """A question that one key answers: are these groups the same, or which of these pictures belong to the group?"""

    groups: Sequence[int]
    """Two groups, or the one that the pictures may belong to."""
    pictures: Sequence[int]
    likely: int
    """So many of the pictures, from the first on, are thought to belong."""


def state_view(gallery: Gallery, found: Snapshot, problem: str | None, *, weak: bool = False) -> StateView:
    """Everything that changes; the pictures' names are sent once."""
    current, _, _ = apply_edits(gallery.bundle.arrays, unmarked(found.labels))
    evidence = _evidence(gallery, found)
    excluded = find_excluded(found.labels.edits.excluded, gallery.vectors)
    here = set(excluded.values())
    unsure = set(Lookup([entry for entry in found.labels.edits.placed if entry.cluster == NOISE]).find(gallery.vectors))
    return StateView(
        digest=found.digest,
        model=gallery.bundle.manifest.name,
        groups=[
            GroupView(
                id=group.cluster,
                names=found.labels.labels.get(group.cluster, ()),
                notGroup=group.cluster in found.labels.not_groups,
                proposed=evidence.get(group.cluster),
                conflict=group.cluster in found.labels.conflicts,
                category=gallery.category_of(group),
                distanceToCentre=round(group.distance_to_centre, 4),
                pictures=[
                    _picture_view(found, picture, _mark(gallery, current, picture, group.cluster))
                    for picture in group.pictures
                ],
                out=[
                    _picture_view(found, picture, "out")
                    for picture, entry in excluded.items()
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
                if picture in excluded
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
        weak=weak,
    )


def split_option_views(gallery: Gallery, group: Group, suggester: Suggester, found: Snapshot) -> list[SplitOptionView]:
    """The options for splitting a group: into two parts, into three, and so on."""
    others = [other.pictures for other in found.shown.groups if other.cluster != group.cluster]
    options = [parts for count in range(2, MOST_PARTS + 1) if (parts := split_parts(gallery, group, count))]
    names = [suggester.suggest(dict(enumerate([*parts, *others])), _taken(found)) for parts in options]
    return [
        SplitOptionView(parts=parts, suggested=[suggested[part] for part in range(len(parts))])
        for parts, suggested in zip(options, names, strict=True)
    ]


def proposal_views(gallery: Gallery, found: Snapshot) -> list[ProposalView]:
    """What to ask a person next, the most rewarding question first."""
    return [
        ProposalView(groups=proposal.groups, pictures=proposal.pictures, likely=proposal.likely)
        for proposal in Proposer(gallery, found).proposals()
    ]


def suggestion_views(suggester: Suggester, found: Snapshot) -> dict[int, list[str]]:
    """Names that each group could have, the best first: none that a group has already."""
    return suggester.suggest({group.cluster: group.pictures for group in found.shown.groups}, _taken(found))


def alike(gallery: Gallery, found: Snapshot, cluster: int, pictures: Sequence[int]) -> list[int]:
    """The pictures of a group (of none: NOISE) that are nearer to one of some pictures than half the group's radius.

    Nearest first, those pictures themselves included. Raises EditError for pictures that are not there.
    """
    check_pictures(pictures, gallery)
    _, eps, _ = apply_edits(gallery.bundle.arrays, found.labels)
    limit = float(eps[cluster] if 0 <= cluster < len(eps) else np.median(eps[eps > 0])) * _ALIKE_SHARE
    members = np.flatnonzero(found.shown.clusters == cluster)
    samples = CoreSamples(
        gallery.vectors[list(pictures)],
        np.zeros(len(pictures), dtype=np.int32),
        gallery.bundle.manifest.clustering.metric,
    )
    distances = samples.nearest(gallery.vectors[members]).distances
    order = np.argsort(distances, kind="stable")
    return members[order[distances[order] <= limit]].tolist()


def _taken(found: Snapshot) -> list[str]:
    return [name for names in found.labels.labels.values() for name in names]


def _evidence(gallery: Gallery, found: Snapshot) -> dict[int, EvidenceView]:
    """By proposed group."""
    proposed = [group for group in found.shown.groups if group.cluster in found.labels.proposed]
    if not proposed:
        return {}
    manifest = gallery.bundle.manifest
    assigner = Assigner(gallery.bundle.arrays, found.labels, manifest.clustering.metric, manifest.categories)
    told: dict[int, EvidenceView] = {}
    for group in proposed:
        answered = assigner.assign(gallery.vectors[list(group.pictures)], gallery.category_of(group))
        near = Counter(answered.near.tolist()).most_common(1)[0][0]
        radius = float(assigner.radius[near]) if near != NOISE else 0.0
        distance = float(np.median(answered.distances[answered.near == near]))
        names = [gallery.names[picture] for picture in group.pictures]
        told[group.cluster] = EvidenceView(
            places=sorted({gallery.places[name] for name in names if name in gallery.places}),
            nearest=near,
            away=round(distance / radius, 2) if radius else 0.0,
        )
    return told


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
