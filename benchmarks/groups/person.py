"""`python -m benchmarks.groups.person`: the actions it takes a person until 95 % of the pictures are rightly named.

The person is simulated: they know the kind of every picture, look at all that the page offers, and do what brings the
most pictures into a group of their kind's name for each action. An action is a key, a click, a drag, or a name typed
with the Enter that ends it. Every edit is made by the page's own code.

Before, the page had only names, splits and the removal of one picture, and no way to put a picture anywhere. To come to
95 % at all, that person may put one picture at a time where it belongs: a click, a key and a name. It splits as well as
today's page, but its parts are gone to and named one by one, as groups are.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.groups.embedding import MODELS, available
from benchmarks.groups.sets import SETS
from shared.embedding.embedder import Embedder, Vectors, open_embedder
from shared.model.core_samples import NOISE
from shared.pictures.source import Source
from training.embedding.embeddings import Embedded
from training.gallery.gallery import Gallery, Group
from training.model.build import build_model
from training.model.options import Options
from training.network.weights import export_graph
from training.page.document import Document, Snapshot
from training.page.edits import Belong, Edit, Move, Name, Split
from training.page.proposing import Proposer
from training.page.regrouping import MOST_PARTS
from training.page.splitting import split_parts

ENOUGH = 0.95

# To put one picture where it belongs: a click, a key and a name.
_ALONE = 3

# About what it takes when several are put there together.
_TOGETHER = 1


@dataclass(frozen=True, slots=True)
class Effort:
    """Actions that it took."""

    pictures: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class _Offer:
    """Something that can be done now."""

    edit: Edit
    actions: int
    placed: int
    """Pictures that come into a rightly named group by it."""
    place: int
    """The group where it is done, or NOISE for the unclustered pictures."""


class Person:
    """Works on a document, of whose pictures `kinds` (shape (n,)) are known to them alone."""

    def __init__(self, document: Document, kinds: NDArray[np.str_]) -> None:
        self._document = document
        self._kinds = kinds
        self._place = NOISE
        self._parts: dict[tuple[int, ...], list[list[tuple[int, ...]]]] = {}
        self.actions = 0

    def right(self) -> float:
        """Share of the pictures that are in a group of their kind's name."""
        found = self._document.snapshot()
        names = [found.labels.labels.get(cluster, ("",))[0] for cluster in found.shown.clusters.tolist()]
        return float((np.array(names) == self._kinds).mean())

    def name_and_split(self) -> None:
        """With names and splits alone: each group, the largest first, in the parts that leave least to correct."""
        for group in sorted(self._document.snapshot().shown.groups, key=lambda group: -len(group.pictures)):
            if self.right() >= ENOUGH:
                return
            self.actions += 1  # the key that goes there
            # A split is opened and chosen by two actions; its parts are gone to and named one by one.
            edit, actions = self._naming(group, _ALONE, lambda parts: 2 + 2 * len(parts))
            self._do(edit, actions)

    def work(self) -> None:
        """Of all that the page offers, do what places the most pictures for each action, again and again."""
        while self.right() < ENOUGH:
            found = self._document.snapshot()
            names = {group.cluster: found.labels.labels.get(group.cluster, ("",))[0] for group in found.shown.groups}
            offers = [*self._namings(found, names)]
            if not offers:
                proposer = Proposer(self._document.gallery, found)
                offers = [
                    *self._moves(proposer, names),
                    *self._question(proposer, found, names),
                    *(offer for group in found.shown.groups for offer in self._offered_splits(group, names)),
                ]
            best = max(offers, key=lambda offer: (offer.placed / offer.actions, offer.placed))
            self._do(best.edit, best.actions)
            self._place = best.place

    def _namings(self, found: Snapshot, names: dict[int, str]) -> Iterator[_Offer]:
        """Name a group or its parts: the key that keeps the name of one goes to the next."""
        for group in found.shown.groups:
            if not names[group.cluster]:
                edit, actions = self._naming(group, _TOGETHER, _splitting)
                yield _Offer(edit, actions, len(group.pictures), group.cluster)

    def _naming(
        self, group: Group, alone: float, splitting: Callable[[list[tuple[int, ...]]], int]
    ) -> tuple[Name | Split, int]:
        """Name a group by the kind of most, or its parts where that takes less, and the actions that it takes.

        `alone` is about what it takes to put a picture where it belongs later, `splitting` what a split takes.
        """
        name = Name(op="name", group=group.cluster, add=(self._most(group.pictures),))
        ways: list[tuple[float, Name | Split, int]] = [(1 + alone * self._wrong([group.pictures]), name, 1)]
        for parts, edit in self._splits(group):
            ways.append((splitting(parts) + alone * self._wrong(parts), edit, splitting(parts)))
        return min(ways, key=lambda way: way[0])[1:]

    def _offered_splits(self, group: Group, names: dict[int, str]) -> Iterator[_Offer]:
        now = int((self._kinds[list(group.pictures)] == names[group.cluster]).sum())
        if now == len(group.pictures):
            return
        for parts, edit in self._splits(group):
            actions = (group.cluster != self._place) + _splitting(parts)
            yield _Offer(edit, actions, len(group.pictures) - self._wrong(parts) - now, group.cluster)

    def _splits(self, group: Group) -> Iterator[tuple[list[tuple[int, ...]], Split]]:
        """The ways in which the page splits a group."""
        if group.pictures not in self._parts:
            found = (split_parts(self._document.gallery, group, count) for count in range(2, MOST_PARTS + 1))
            self._parts[group.pictures] = [parts for parts in found if parts]
        for parts in self._parts[group.pictures]:
            names = tuple(self._most(part) for part in parts)
            yield parts, Split(op="split", group=group.cluster, parts=len(parts), names=names)

    def _moves(self, proposer: Proposer, names: dict[int, str]) -> Iterator[_Offer]:
        """Select all pictures of a kind in one place, and move them: by a digit, or by a key and a name."""
        for place in (*names, NOISE):
            shown = proposer.order(place)
            kinds = self._kinds[shown]
            for kind in sorted(set(kinds.tolist()) - {names.get(place)}):
                chosen = [picture for picture, each in zip(shown, kinds, strict=True) if each == kind]
                target = next((cluster for cluster, name in names.items() if name == kind), None)
                by_digit = kind in [names[cluster] for cluster in proposer.targets(chosen)]
                actions = (place != self._place) + clicks(chosen, shown) + (1 if by_digit else 2)
                edit = Move(op="move", pictures=tuple(chosen), group=target, name="" if target is not None else kind)
                yield _Offer(edit, actions, len(chosen), place)

    def _question(self, proposer: Proposer, found: Snapshot, names: dict[int, str]) -> Iterator[_Offer]:
        """The first question about pictures."""
        for asked in [proposal for proposal in proposer.proposals() if proposal.pictures][:1]:
            kind, pictures = names[asked.groups[0]], np.array(asked.pictures)
            belongs = self._kinds[pictures] == kind
            yes, no = tuple(pictures[belongs].tolist()), tuple(pictures[~belongs].tolist())
            now = np.array([names.get(cluster, "") for cluster in found.shown.clusters[pictures].tolist()])
            actions = 1 + (toggles(belongs, asked.likely) if belongs.any() else 0)
            edit = Belong(op="belong", group=asked.groups[0], yes=yes, no=no)
            yield _Offer(edit, actions, int((belongs & (now != kind)).sum()), self._place)

    def _do(self, edit: Edit, actions: int) -> None:
        self._document.change(edit, self._document.snapshot().digest)
        self.actions += actions

    def _most(self, pictures: Sequence[int]) -> str:
        return Counter(self._kinds[list(pictures)].tolist()).most_common(1)[0][0]

    def _wrong(self, parts: Sequence[Sequence[int]]) -> int:
        """Pictures that are of another kind than most in their part."""
        kinds = (Counter(self._kinds[list(part)].tolist()) for part in parts)
        return sum(count.total() - count.most_common(1)[0][1] for count in kinds)


def _splitting(parts: Sequence[Sequence[int]]) -> int:
    """A key opens the split, a digit says how many parts if not two, each part has a name, and a key keeps them."""
    return 1 + (len(parts) > 2) + len(parts) + 1


def clicks(chosen: Sequence[int], order: Sequence[int]) -> int:
    """To select pictures where they are shown in this order: a click on a single picture, a drag over a row of them."""
    on = np.isin(order, chosen)
    return int((on & ~np.append(False, on[:-1])).sum())


def toggles(belongs: NDArray[np.bool_], likely: int) -> int:
    """Clicks on a question's pictures, of which the first `likely` are selected; with Shift, all up to the one."""
    selected = [np.arange(len(belongs)) < first for first in range(len(belongs) + 1)]
    return min(int(first != likely) + int((each != belongs).sum()) for first, each in enumerate(selected))


def effort(vectors: Vectors, kinds: NDArray[np.str_], embedder: Embedder, options: Options) -> Effort:
    """Train on the embeddings, shape (n, dimensions), of pictures of these kinds, and let the person work."""
    count = len(vectors)
    with TemporaryDirectory() as root:
        before = Person(_open(vectors, embedder, options, Path(root) / "before"), kinds)
        before.name_and_split()
        left = max(0, ceil(ENOUGH * count) - round(before.right() * count))
        after = Person(_open(vectors, embedder, options, Path(root) / "after"), kinds)
        after.work()
    return Effort(count, before.actions + _ALONE * left, after.actions)


@dataclass(frozen=True, slots=True)
class _Named:
    """All that is asked of a picture here."""

    name: str


def _open(vectors: Vectors, embedder: Embedder, options: Options, folder: Path) -> Document:
    names = tuple(f"{row:06}.png" for row in range(len(vectors)))
    found = Embedded(names, vectors, {})
    bundle = build_model(found, options, folder).bundle
    sources = cast("list[Source]", [_Named(name) for name in names])
    gallery = Gallery(folder, bundle, embedder, sources, found)
    return Document(gallery, lambda labels, version, grouping: None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.groups.person", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[one.name for one in SETS], help="some of the sets")
    chosen = parser.parse_args().only
    options = Options("person")
    embedder = open_embedder(options.spec(), export_graph(MODELS, print))
    print("| set | pictures | actions per 100 pictures, before | after |\n|---|---|---|---|")
    found: list[Effort] = []
    sets = (one for one in SETS if chosen is None or one.name in chosen)
    for one, vectors, kinds in available(sets, options.pooling):
        found.append(effort(vectors, kinds, embedder, options))
        print(_line(one.name, found[-1]), flush=True)
    total = Effort(*(sum(getattr(each, name) for each in found) for name in ("pictures", "before", "after")))
    print(_line("**all**", total))


def _line(name: str, found: Effort) -> str:
    before, after = (f"{100 * actions / found.pictures:.0f}" for actions in (found.before, found.after))
    return f"| {name} | {found.pictures} | {before} | {after} |"


if __name__ == "__main__":
    main()
