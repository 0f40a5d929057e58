"""A model on which everything can be done, for tests that ids and names never go to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from shared.digests import sha256
from shared.model.assignments_csv import read_rows
from shared.model.bundle import Bundle, read_bundle
from shared.model.core_samples import NOISE
from shared.stores.folder import FolderStore
from shared.stores.graphs import graph_path
from tests.training.model.blobs import EPS, blob, embedded, named
from tests.training.model.retraining import Pictures, fit
from tests.training.plain_embedder import plain_embedder
from training.gallery.gallery import Gallery
from training.model.extend import extend
from training.model.options import Options
from training.page.document import Document
from training.page.edited import EditError, find_group
from training.page.edits import Edit, Mark, Merge, Move, Name, PutBack, Remove, Split
from training.progress import no_progress
from training.release.publishing import publish, roll_back
from training.release.versions import fetch

_GRAPH = b"a graph that nothing is asked of"
OPTIONS = Options("books", eps=EPS, graph_sha256=sha256(_GRAPH))

KINDS = {kind: named(kind, blob(centre, 6)) for centre, kind in enumerate(("book", "map", "dog", "cup", "tree"), 1)}


class World:
    """A model on which everything can be done; what was done is checked after each step.

    Groups are given by their place among those that there are, pictures likewise. Names are new each time.
    """

    def __init__(self, root: Path) -> None:
        self._models = root / "models"
        self._store = FolderStore(root / "store")
        self._folder = self._models / "books"
        graph = graph_path(self._models, OPTIONS.graph_sha256)
        graph.parent.mkdir(parents=True)
        graph.write_bytes(_GRAPH)
        self._pictures: Pictures = {}
        self.published: list[tuple[str, Pictures]] = []
        self._page: Document | None = None
        self._ids: set[int] = set()
        """Ids that the model has now, be it of groups without pictures."""
        self._ever: set[int] = set()
        self._of_id: dict[int, set[str]] = defaultdict(set)
        self._of_name: dict[str, set[str]] = defaultdict(set)
        self._names = 0

    def train(self, *kinds: str) -> None:
        self._pictures = {name: vector for kind in sorted(kinds) for name, vector in KINDS[kind].items()}
        fit(self._folder, self._pictures, self._folder if self._folder.exists() else None, OPTIONS)
        self._page = None
        self._check()

    def update(self, kind: str) -> None:
        bundle, known, before = read_bundle(self._folder), self._pictures, self._members()
        self._pictures = {**known, **KINDS[kind]}
        core = {row.picture for row in read_rows(self._folder) if row.core}
        rest = {name: vector for name, vector in self._pictures.items() if name not in core}
        if rest:
            extend(bundle, self._folder, embedded(rest))
        self._page = None
        after = self._members()
        for cluster, pictures in before.items():
            assert after[cluster] & known.keys() == pictures & known.keys(), "a group lost or won old pictures"
        self._check()

    def discover(self, kind: str) -> bool:
        """Whether a group was proposed."""
        known = {row.picture for row in read_rows(self._folder)}
        met = {name: vector for name, vector in KINDS[kind].items() if name not in known}
        if not met:
            return False
        before = self._members()
        found = extend(read_bundle(self._folder), self._folder, embedded(met), propose=True)
        self._pictures = {**self._pictures, **{name: met[name] for names in found.members.values() for name in names}}
        self._page = None
        assert self._members() == before, "a proposed group answers, or another lost or won pictures"
        self._check()
        return bool(found.members)

    def judge(self, *, accept: bool) -> bool:
        """What becomes of a proposed group; False where there is none."""
        proposed = read_bundle(self._folder).labels.proposed
        return bool(proposed) and self.edit(Mark(op="mark", group=proposed[0], not_group=not accept))

    def publish(self) -> None:
        publish(self._store, self._folder, no_progress)
        self.published.append((read_bundle(self._folder).version, self._pictures))

    def roll_back(self, place: int) -> None:
        version, self._pictures = self.published[place % len(self.published)]
        roll_back(self._store, "books", version)
        fetch(self._store, "books", version, self._models, no_progress, overwrite=True)
        self._page = None
        self._check(back=True)

    def edit(self, edit: Edit) -> bool:
        """Whether it could be made."""
        page = self._open()
        try:
            page.change(edit, page.snapshot().digest)
        except EditError:
            return False
        if isinstance(edit, Name):
            group = find_group(page.snapshot().shown, edit.group)
            self._of_name[edit.add[0]] |= {page.gallery.names[picture] for picture in group.pictures}
        elif isinstance(edit, Move):
            self._of_name[edit.name] |= {page.gallery.names[picture] for picture in edit.pictures}
        self._check()
        return True

    def name(self, place: int) -> bool:
        return self.edit(Name(op="name", group=self._group(place), add=(self._name(),)))

    def split(self, place: int, parts: int = 2) -> bool:
        return self.edit(Split(op="split", group=self._group(place), parts=parts))

    def merge(self, place: int, other: int) -> bool:
        chosen = (self._group(place), self._group(other))
        labels = read_bundle(self._folder).labels.labels
        return self.edit(
            Merge(op="merge", groups=chosen, names=(*labels.get(chosen[0], ()), *labels.get(chosen[1], ())))
        )

    def move(self, *places: int) -> bool:
        return self.edit(Move(op="move", pictures=self._chosen(places), name=self._name()))

    def exclude(self, *places: int) -> bool:
        return self.edit(Remove(op="remove", pictures=self._chosen(places)))

    def put_back(self, place: int) -> bool:
        """One of the pictures that are excluded."""
        excluded = [entry.picture for entry in read_bundle(self._folder).labels.edits.excluded]
        here = [picture for picture, name in enumerate(self._pictures) if name in excluded]
        return bool(here) and self.edit(PutBack(op="put_back", pictures=(here[place % len(here)],)))

    def undo(self) -> bool:
        page = self._open()
        if page.snapshot().undo is None:
            return False
        page.undo(page.snapshot().digest)
        self._check(back=True)
        return True

    def redo(self) -> None:
        page = self._open()
        page.redo(page.snapshot().digest)
        self._check(back=True)

    def _open(self) -> Document:
        """The naming page: it stays open until the model is replaced."""
        if self._page is None:
            self._page = Document(self._gallery(read_bundle(self._folder)), lambda labels, version, grouping: None)
        return self._page

    def _gallery(self, bundle: Bundle) -> Gallery:
        sources = [_Source(name) for name in self._pictures]
        found = embedded(self._pictures)
        return Gallery(self._folder, bundle, plain_embedder(), sources, found)  # pyright: ignore[reportArgumentType]

    def _group(self, place: int) -> int:
        groups = self._open().snapshot().shown.groups
        return groups[place % len(groups)].cluster if groups else NOISE

    def _chosen(self, places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple({place % len(self._pictures) for place in places})

    def _name(self) -> str:
        self._names += 1
        return f"name {self._names}"

    def _members(self) -> Mapping[int, set[str]]:
        """The pictures of each group, as the Function answers."""
        bundle = read_bundle(self._folder)
        gallery = self._gallery(bundle)
        clusters = gallery.grouping(bundle.labels).clusters
        return {
            cluster: {gallery.names[row] for row in np.flatnonzero(clusters == cluster).tolist()}
            for cluster in set(clusters.tolist()) - {NOISE}
        }

    def _check(self, *, back: bool = False) -> None:
        """`back`: what there was before may have come back."""
        bundle, members = read_bundle(self._folder), self._members()
        if not back:
            again = (members.keys() - self._ids) & self._ever
            assert not again, f"ids {again} were given out before"
        self._ids = {*bundle.arrays.clusters.tolist(), *bundle.labels.edits.eps}
        self._ever |= self._ids
        for cluster, pictures in members.items():
            known = self._of_id[cluster]
            assert not known or known & pictures, f"id {cluster} was of {known} and is now of {pictures}"
            known |= pictures
            for name in bundle.labels.labels.get(cluster, ()):
                had = self._of_name[name]
                assert had & pictures, f"{name} was of {had} and is now of {pictures}"
                had |= pictures


class _Source:
    """A picture of which nothing but the name is asked."""

    def __init__(self, name: str) -> None:
        self.name = name
