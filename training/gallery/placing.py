"""Pictures put where a person wants them: as edits of the labels, so that the Function answers the same.

A core sample takes its new cluster with it. Another picture is kept by its embedding where it would answer otherwise.
A picture that was not moved stays where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import Vectors
from shared.model.assigner import Assigner
from shared.model.bundle import Arrays, Labels
from shared.model.core_samples import NOISE, Metric
from shared.model.exclusions import Excluded
from shared.model.parts import unmarked
from shared.model.remembered import Lookup, Placed, vector_bytes
from training.gallery.excluding import excluded_from

type Positions = NDArray[np.int32]
"""The cluster of each of n pictures, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Placer:
    """The pictures of a model, n of them."""

    arrays: Arrays
    metric: Metric
    clusters_by_category: Mapping[str, Sequence[int]]
    names: Sequence[str]
    vectors: Vectors
    samples: Sequence[int | None]
    """The core sample that each picture is: a row of `arrays`."""
    categories: Sequence[str | None]

    def positions(self, labels: Labels) -> Positions:
        """Where each picture is, except that clusters that are marked as no group, or proposed, keep their pictures."""
        answered = self._answered(labels)
        if not labels.unanswered:
            return answered
        every = self._answered(unmarked(labels))
        return np.where((answered == NOISE) & np.isin(every, labels.unanswered), every, answered)

    def copies(self, pictures: Collection[int]) -> list[int]:
        """These pictures and all that have the same embedding: they can't be told apart."""
        entries = [self._placed(picture, NOISE) for picture in pictures]
        return sorted({*pictures, *Lookup(entries).find(self.vectors)})

    def by_hand(self, labels: Labels) -> frozenset[int]:
        """The pictures that a person put where they are, and copies of them: nobody need be asked about these."""
        rows, edits = {*labels.edits.by_hand}, labels.edits
        entries = [entry for entry in edits.placed if entry.by_hand]
        entries += [self._placed(picture, NOISE) for picture, sample in enumerate(self.samples) if sample in rows]
        return frozenset(Lookup(entries).find(self.vectors))

    def place(self, labels: Labels, wanted: Positions, moved: Collection[int], by_hand: Collection[int] = ()) -> Labels:
        """Labels with which the `moved` pictures are where `wanted` has them, and no other has left its cluster.

        `wanted` has the clusters of the others as they are. A picture moved to NOISE is one that nobody is sure about.
        Of the moved, `by_hand` are those that a person puts there; what was put somewhere by hand before stays so.
        """
        chosen = np.zeros(len(self.names), dtype=np.bool_)
        chosen[list(moved)] = True
        own = np.zeros(len(self.names), dtype=np.bool_)
        own[[*by_hand, *self.by_hand(labels)]] = True
        own &= chosen & (wanted != NOISE)
        rows = {sample for picture in np.flatnonzero(own).tolist() if (sample := self.samples[picture]) is not None}
        new = self._with_samples(self.forget(labels, moved), wanted, moved)
        new = _edited(new, by_hand=tuple(sorted({*new.edits.by_hand} | rows)))
        is_sample = np.array([sample is not None for sample in self.samples], dtype=np.bool_)
        needed = chosen & ((wanted == NOISE) | (own & ~is_sample))
        entered = np.zeros(len(self.names), dtype=np.bool_)
        while (needed := (needed | chosen & (self.positions(new) != wanted)) & ~entered).any():
            # Each is a core sample from then on, to which others of the moved may be nearest.
            placed = [
                self._placed(picture, int(wanted[picture]), by_hand=bool(own[picture]))
                for picture in np.flatnonzero(needed).tolist()
            ]
            new = _edited(new, placed=(*new.edits.placed, *placed))
            entered |= needed
        return self.hold(new, wanted, moved)

    def hold(self, labels: Labels, wanted: Positions, moved: Collection[int]) -> Labels:
        """Labels with which no picture has left its cluster but the `moved` ones."""
        start = _edited(labels, held=())
        leaving = (self.positions(start) != wanted) & (wanted != NOISE)
        leaving[list(moved)] = False
        held = [self._placed(picture, int(wanted[picture])) for picture in np.flatnonzero(leaving).tolist()]
        return _edited(start, held=tuple(held))

    def keep_out(self, labels: Labels, pictures: Collection[int], clusters: Collection[int]) -> Labels:
        """Labels with which these pictures, all of them removed from a cluster, are in none of some others either.

        Nor are they a cluster of their own.
        """
        for _ in clusters:
            found = self.positions(labels)
            others = {*np.delete(found, list(pictures)).tolist(), NOISE}
            homes: dict[int, set[int]] = {}
            for picture, entry in Lookup(labels.edits.excluded).find(self.vectors[list(pictures)]).items():
                home = int(found[list(pictures)[picture]])
                if home in clusters or home not in others:
                    homes.setdefault(id(entry), set()).add(home)
            if not homes:
                break
            excluded = excluded_from(
                labels.edits.excluded, lambda entry, homes=homes: (*entry.clusters, *homes.get(id(entry), ()))
            )
            labels = self.hold(_edited(labels, excluded=excluded), found, pictures)
        return labels

    def forget(self, labels: Labels, pictures: Collection[int]) -> Labels:
        """Labels without what was decided about where these pictures are."""
        own = self.vectors[list(pictures)]
        edits = labels.edits
        known = {id(entry) for entries in (edits.placed, edits.held) for entry in Lookup(entries).find(own).values()}
        rows = {self.samples[picture] for picture in pictures}
        return _edited(
            labels,
            by_hand=tuple(row for row in edits.by_hand if row not in rows),
            placed=tuple(entry for entry in edits.placed if id(entry) not in known),
            held=tuple(entry for entry in edits.held if id(entry) not in known),
        )

    def _with_samples(self, labels: Labels, wanted: Positions, moved: Collection[int]) -> Labels:
        """Core samples take their cluster with them; nothing is excluded from where it was moved to."""
        core = dict(labels.edits.core)
        for picture in moved:
            sample, cluster = self.samples[picture], int(wanted[picture])
            if sample is None or cluster == NOISE:
                continue
            core[sample] = cluster
            if cluster == self.arrays.clusters[sample]:
                del core[sample]
        return _edited(labels, core=dict(sorted(core.items())), excluded=self._excluded(labels, wanted, moved))

    def _excluded(self, labels: Labels, wanted: Positions, moved: Collection[int]) -> tuple[Excluded, ...]:
        rows = list(moved)
        found = Lookup(labels.edits.excluded).find(self.vectors[rows])
        allowed: dict[int, set[int]] = {}
        for row, entry in found.items():
            allowed.setdefault(id(entry), set()).add(int(wanted[rows[row]]))
        return excluded_from(
            labels.edits.excluded,
            lambda entry: (cluster for cluster in entry.clusters if cluster not in allowed.get(id(entry), ())),
        )

    def _placed(self, picture: int, cluster: int, *, by_hand: bool = False) -> Placed:
        return Placed(
            picture=self.names[picture],
            vector=vector_bytes(self.vectors[picture]),
            cluster=cluster,
            category=self.categories[picture],
            by_hand=by_hand,
        )

    def _answered(self, labels: Labels) -> Positions:
        assigner = Assigner(self.arrays, labels, self.metric, self.clusters_by_category)
        return assigner.assign_each(self.vectors, self.categories).clusters


def _edited(
    labels: Labels, **changes: Mapping[int, int] | tuple[Placed, ...] | tuple[Excluded, ...] | tuple[int, ...]
) -> Labels:
    return labels.model_copy(update={"edits": labels.edits.model_copy(update=changes)})
