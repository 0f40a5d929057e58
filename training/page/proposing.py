"""What to ask a person next, and where pictures are likely to belong: the most rewarding question first.

Every answer teaches: pictures are compared with the groups as they are now, and what was answered is not asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from shared.model.assigner import apply_edits
from shared.model.core_samples import NOISE, CoreSamples
from shared.model.exclusions import find_excluded
from shared.model.remembered import Lookup
from training.gallery.gallery import Gallery, Group
from training.page.document import Snapshot
from training.page.likelihood import group_shares

# More than anybody answers before the next ones are better.
_MOST_PROPOSED = 60

# How far beyond the radius of the wider of two groups their centres may be to be asked about.
_SAME_WITHIN = 1.5

# How many radii from a single group pictures are asked about; at one radius it is as likely as not.
_NEAR_WITHIN = 1.5

# Pictures in one question: as many as one sees at a glance.
_AT_ONCE = 24

# From this probability on a picture is taken to belong until a person says no; below the other it is not asked about.
_LIKELY, _POSSIBLE = 0.5, 0.1

# Groups that a digit can stand for.
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Proposal:
    """Are these two groups the same? Or, with pictures: which of them belong to the group?"""

    groups: tuple[int, ...]
    pictures: tuple[int, ...]
    """The likeliest first; empty where the question is about two groups."""
    likely: int
    """So many of the pictures, from the first on, are thought to belong."""
    gain: float
    """Pictures that an answer is expected to place for each action it takes."""


class Proposer:
    """Looks at the groups as they are at one moment. Groups of the same names are one kind."""

    def __init__(self, gallery: Gallery, found: Snapshot) -> None:
        self._gallery = gallery
        self._found = found
        self._groups = [group for group in found.shown.groups if group.cluster not in found.labels.unanswered]
        self._pictures = _askable(gallery, found)
        self._by_hand = np.isin(self._pictures, list(gallery.placer.by_hand(found.labels)))
        """Whether each of these was put where it is by a person, shape (pictures,)."""
        self._shares = self._learn()
        kinds: dict[object, list[int]] = {}
        for index, group in enumerate(self._groups):
            kinds.setdefault(found.labels.labels.get(group.cluster) or group.cluster, []).append(index)
        self._kinds = list(kinds.values())
        """Columns of `_shares`."""
        self._likely = self._by_kind()
        """Shape (pictures, kinds): nothing where a person said no."""

    def proposals(self) -> list[Proposal]:
        """What to ask, the most rewarding question first."""
        every = [*self._same_groups(), *self._belonging()]
        return sorted(every, key=lambda proposal: -proposal.gain)[:_MOST_PROPOSED]

    def order(self, place: int) -> list[int]:
        """The pictures of a group, or the unclustered ones (NOISE), those that seem to be of one other kind together.

        Those that seem to be where they belong come last, the least certain of them first.
        """
        rows = np.flatnonzero(self._found.shown.clusters[self._pictures] == place)
        if not self._kinds:
            return self._pictures[rows].tolist()
        here = self._here(rows)
        best = np.where(self._by_hand[rows], here, self._likely[rows].argmax(axis=1))
        fits = best == here
        sure = np.where(self._by_hand[rows], np.inf, self._likely[rows, best])
        order = np.lexsort((np.where(fits, sure, -sure), best, fits))
        return self._pictures[rows[order]].tolist()

    def targets(self, pictures: Sequence[int]) -> list[int]:
        """The groups that some pictures are likeliest to be of, at most nine, the likeliest first."""
        rows = np.flatnonzero(np.isin(self._pictures, pictures))
        if not len(rows) or not self._kinds:
            return []
        best = np.argsort(-self._likely[rows].mean(axis=0), kind="stable").tolist()
        here = {*self._found.shown.clusters[self._pictures[rows]].tolist()}
        groups = [self._group_of_kind(kind, rows) for kind in best]
        return [group for group in groups if group not in here][:_DIGITS]

    def _belonging(self) -> list[Proposal]:
        """For each kind, the pictures elsewhere that most look like it."""
        if not self._kinds:
            return []
        likely = np.where(self._by_hand[:, None], 0, self._likely)
        here = self._here(np.arange(len(likely)))
        likely[here >= 0, here[here >= 0]] = 0
        best = likely.argmax(axis=1)
        asked: list[Proposal] = []
        for kind in range(len(self._kinds)):
            rows = np.flatnonzero((best == kind) & (likely[:, kind] >= _POSSIBLE))
            rows = rows[np.argsort(-likely[rows, kind], kind="stable")][:_AT_ONCE]
            if not len(rows):
                continue
            share = likely[rows, kind]
            gain = float(share.sum() / (1 + np.minimum(share, 1 - share).sum()))
            pictures = tuple(self._pictures[rows].tolist())
            asked.append(Proposal((self._group_of_kind(kind, rows),), pictures, int((share >= _LIKELY).sum()), gain))
        return asked

    def _same_groups(self) -> list[Proposal]:
        """Pairs of groups whose centres are near."""
        if len(self._groups) < 2:
            return []
        labels = self._found.labels
        _, eps, _ = apply_edits(self._gallery.bundle.arrays, labels)
        centres = np.stack([self._gallery.points[list(group.pictures)].mean(axis=0) for group in self._groups])
        distances = cdist(centres, centres, self._gallery.bundle.manifest.clustering.metric)
        asked: list[Proposal] = []
        for row, column in zip(*np.triu_indices(len(self._groups), 1), strict=True):
            one, other = self._groups[row], self._groups[column]
            pair = (one.cluster, other.cluster)
            doubt = float(distances[row, column] / max(eps[list(pair)]))
            if doubt <= _SAME_WITHIN and pair not in labels.edits.apart:
                smaller = min(len(one.pictures), len(other.pictures))
                asked.append(Proposal(pair, (), 0, smaller * (1 - doubt / _SAME_WITHIN)))
        return asked

    def _learn(self) -> NDArray[np.float64]:
        """The probability of each group for each picture that may be asked about."""
        if len(self._groups) == 1:
            return self._nearness(self._groups[0])
        if not self._groups:
            return np.zeros((len(self._pictures), 0))
        columns = np.full(len(self._gallery.names), -1)
        for column, group in enumerate(self._groups):
            columns[list(group.pictures)] = column
        shares = group_shares(self._gallery.points, columns, len(self._groups))[self._pictures]
        categories = self._gallery.categories
        for column, group in enumerate(self._groups):
            known = {categories[picture] for picture in group.pictures} - {None}
            other = [known != set() and categories[picture] not in (None, *known) for picture in self._pictures]
            shares[other, column] = 0
        return shares

    def _nearness(self, group: Group) -> NDArray[np.float64]:
        """A single group can't be told from others: how near each picture is to its core samples, by its radius."""
        bundle = self._gallery.bundle
        clusters, eps, _ = apply_edits(bundle.arrays, self._found.labels)
        samples = CoreSamples(bundle.arrays.vectors, clusters, bundle.manifest.clustering.metric)
        distances = samples.distances_to(group.cluster, self._gallery.vectors[self._pictures])
        return np.clip(_NEAR_WITHIN - distances / eps[group.cluster], 0, 1).astype(np.float64)[:, None]

    def _by_kind(self) -> NDArray[np.float64]:
        excluded = find_excluded(self._found.labels.edits.excluded, self._gallery.vectors[self._pictures])
        likely = np.zeros((len(self._pictures), len(self._kinds)))
        for kind, columns in enumerate(self._kinds):
            clusters = {self._groups[column].cluster for column in columns}
            likely[:, kind] = self._shares[:, columns].sum(axis=1)
            likely[[row for row, entry in excluded.items() if {*entry.clusters} & clusters], kind] = 0
        return likely

    def _here(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """The kind of the group that pictures are in; -1 for unclustered ones."""
        kinds = {self._groups[column].cluster: kind for kind, own in enumerate(self._kinds) for column in own}
        clusters = self._found.shown.clusters[self._pictures[rows]].tolist()
        return np.array([kinds.get(cluster, -1) for cluster in clusters], dtype=np.intp)

    def _group_of_kind(self, kind: int, rows: NDArray[np.intp]) -> int:
        """Of the groups of a kind, the one that these pictures are likeliest to be of."""
        own = self._kinds[kind]
        return self._groups[own[int(self._shares[np.ix_(rows, own)].sum(axis=0).argmax())]].cluster


def _askable(gallery: Gallery, found: Snapshot) -> NDArray[np.intp]:
    """All but the pictures that a person has set aside, and those in what is not a group."""
    unsure = Lookup([entry for entry in found.labels.edits.placed if entry.cluster == NOISE]).find(gallery.vectors)
    asked = ~np.isin(found.shown.clusters, found.labels.unanswered)
    asked[list(unsure)] = False
    return np.flatnonzero(asked)
