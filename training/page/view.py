"""The document as the page's scripts read it: plain values, pictures by their position in the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from shared.model.assigner import apply_edits
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from shared.model.exclusions import find_excluded
from shared.model.model import Assignment
from training.gallery.gallery import Gallery, Group
from training.page.document import Snapshot
from training.page.edits import Split, apply, embedding_digest
from training.page.splitting import SplitOption, split_options

type Mark = Literal["core", "border", "out", "new"]
"""A core sample, a picture near one, one that was removed from a group, or one that came after training."""

# Beside a tried picture: enough to see why it is where it is.
_ALIKE = 6


class PictureView(TypedDict):
    picture: int
    mark: Mark
    distance: float | None
    """To the nearest core sample; None where there is none."""


class GroupView(TypedDict):
    id: int
    names: Sequence[str]
    notGroup: bool
    spread: float
    eps: float
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
    trouble: str | None


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
    eps: float
    min_samples: int
    parts: list[list[int]]
    left: list[int]
    """Pictures of the group that no part takes."""


def state_view(gallery: Gallery, found: Snapshot, trouble: str | None) -> StateView:
    """Everything that changes; the pictures' names are sent once."""
    current, eps, _ = apply_edits(gallery.bundle.arrays, found.labels.model_copy(update={"not_groups": ()}))
    taken = find_excluded(found.labels.edits.excluded, gallery.vectors)
    here = set(taken.values())
    return StateView(
        digest=found.digest,
        model=gallery.bundle.manifest.name,
        groups=[
            GroupView(
                id=group.cluster,
                names=found.labels.labels.get(group.cluster, ()),
                notGroup=group.cluster in found.labels.not_groups,
                spread=round(group.spread, 4),
                eps=_rounded(float(eps[group.cluster])),
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
            _picture_view(found, picture, "out" if picture in taken else _mark(gallery, current, picture, NOISE))
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
        trouble=trouble,
    )


def split_option_views(gallery: Gallery, found: Snapshot, group: Group) -> list[SplitOptionView]:
    """The options for splitting a group, each as its pictures would be once it is kept."""
    views: list[SplitOptionView] = []
    for option in split_options(gallery, found.labels, group):
        split = Split(op="split", group=group.cluster, eps=option.eps, min_samples=option.min_samples)
        made = apply(split, gallery, found.labels, found.shown)
        view = _split_option_view(gallery, found.labels, made.labels, group, option)
        # Options that differ in their core samples alone put the same pictures together.
        if not any((view["parts"], view["left"]) == (other["parts"], other["left"]) for other in views):
            views.append(view)
    return views


def _split_option_view(
    gallery: Gallery, before: Labels, after: Labels, group: Group, option: SplitOption
) -> SplitOptionView:
    own = np.array(group.pictures, dtype=np.intp)
    clusters, _ = gallery.assign(after, own)
    made = sorted(after.edits.eps.keys() - before.edits.eps.keys())
    return SplitOptionView(
        eps=option.eps,
        min_samples=option.min_samples,
        parts=[own[clusters == cluster].tolist() for cluster in made],
        left=own[~np.isin(clusters, made)].tolist(),
    )


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
