"""When a group is met otherwise than it was trained: the rules of `infra.search status`, telemetry and its query."""

from __future__ import annotations

from collections.abc import Mapping

from shared.model.parts import Arrays, Labels

FEWER, STANDARD_ERRORS = 0.5, 3.0
"""A group gets fewer pictures below this part of the share that training gave it, and by more than chance gives."""
FAR, ENOUGH = 0.91, 20
"""It gets stranger ones where the median of at least so many unseen ones is so many radii from a core sample: unseen
pictures of the right kind, 5 and more of each of 27 groups of seven labelled sets, had medians up to 0.903."""
SEEN = 1e-3
"""Radii: a core sample that is embedded again is not exactly where it was."""


def comparable_groups(trained: Mapping[int, int], arrays: Arrays, labels: Labels) -> dict[int, int]:
    """Of the pictures that training put into each group, those of groups that are answered as training left them.

    A person's edits make others of groups whose core samples they move.
    """
    moved = labels.edits.core
    others = {*moved.values(), *(int(arrays.clusters[sample]) for sample in moved), *labels.unanswered}
    return {group: pictures for group, pictures in trained.items() if group not in others}
