"""What pictures are excluded from, corrected: by a move back, a split, a merge or a training with other clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.model.bundle import Labels
from shared.model.exclusions import Excluded


def excluded_from(
    entries: Iterable[Excluded], clusters_of: Callable[[Excluded], Iterable[int]]
) -> tuple[Excluded, ...]:
    """The entries, each excluded from the clusters that `clusters_of` gives for it; what is excluded from none goes."""
    changed = (entry.model_copy(update={"clusters": tuple(dict.fromkeys(clusters_of(entry)))}) for entry in entries)
    return tuple(entry for entry in changed if entry.clusters)


def with_excluded(labels: Labels, entries: Iterable[Excluded]) -> Labels:
    """Labels with these exclusions and no others."""
    return labels.model_copy(update={"edits": labels.edits.model_copy(update={"excluded": tuple(entries)})})
