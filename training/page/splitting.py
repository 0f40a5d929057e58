"""A group that holds two things: its own pictures clustered again with a smaller eps.

A core sample at a smaller eps is one at the larger eps, too, so every part consists of core samples that the model has.
The pictures near them follow, as everywhere, by the nearest core sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.model.assigner import apply_edits
from shared.model.bundle import Labels
from training.clustering.clusters import find_clusters
from training.gallery.gallery import Gallery, Group

# Enough that no option is missed between two tries; fewer for large groups, each try of which costs more.
_MOST_TRIES, _FEWEST_TRIES = 40, 10
_TRIES_TIMES_PICTURES = 20_000


# With pairs as core samples, any two pictures that are alike make a part: for groups too small to come apart otherwise.
_PAIRS = 2


@dataclass(frozen=True, slots=True)
class SplitOption:
    """DBSCAN's parameters by which a group comes apart."""

    eps: float
    min_samples: int


def split_options(gallery: Gallery, labels: Labels, group: Group) -> list[SplitOption]:
    """The different splits of a group as eps shrinks, the one with the largest eps first."""
    trained = gallery.bundle.manifest.clustering.min_samples
    return _options_with(gallery, labels, group, trained) or _options_with(gallery, labels, group, min(trained, _PAIRS))


def _options_with(gallery: Gallery, labels: Labels, group: Group, min_samples: int) -> list[SplitOption]:
    _, limits, _ = apply_edits(gallery.bundle.arrays, labels)
    tries = min(_MOST_TRIES, max(_FEWEST_TRIES, _TRIES_TIMES_PICTURES // len(group.pictures)))
    found: list[SplitOption] = []
    seen: list[list[tuple[int, ...]]] = []
    for eps in np.linspace(float(limits[group.cluster]), 0, tries + 2)[1:-1].round(6).tolist():
        option = SplitOption(eps, min_samples)
        parts = split_parts(gallery, labels, group, option) if eps > 0 else []
        if len(parts) > 1 and parts not in seen:
            seen.append(parts)
            found.append(option)
    return found


def split_parts(gallery: Gallery, labels: Labels, group: Group, option: SplitOption) -> list[tuple[int, ...]]:
    """The parts that a group falls into: rows of clusters.npz, each part's core samples, the largest part first."""
    arrays = gallery.bundle.arrays
    current, _, _ = apply_edits(arrays, labels.model_copy(update={"not_groups": ()}))
    rows = np.flatnonzero(current == group.cluster)
    points = np.concatenate([arrays.vectors[rows], gallery.vectors[_border(gallery, group, frozenset(rows.tolist()))]])
    metric = gallery.bundle.manifest.clustering.metric
    found = find_clusters(points, eps=option.eps, min_samples=option.min_samples, metric=metric)
    core = found.core[: len(rows)]
    parts = [tuple(rows[core & (found.labels[: len(rows)] == part)].tolist()) for part in range(found.count)]
    return sorted((part for part in parts if part), key=lambda part: (-len(part), part))


def _border(gallery: Gallery, group: Group, core: frozenset[int]) -> NDArray[np.intp]:
    """Pictures that were trained on and are no core samples: they count as neighbours, as they did in training."""
    trained = (picture for picture in group.pictures if gallery.trained[picture])
    return np.array([picture for picture in trained if gallery.samples[picture] not in core], dtype=np.intp)
