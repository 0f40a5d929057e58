"""Whatever is done to a model, an id never goes to another group, and a name never to pictures that did not have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

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


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class TestIdsGivenOutElsewhere:
    def test_by_a_training_that_was_rolled_back(self, world: World) -> None:
        world.train("book")
        world.publish()
        world.train("book", "map")
        world.publish()
        world.roll_back(0)
        world.train("book", "dog")

    def test_by_an_update_that_was_rolled_back(self, world: World) -> None:
        world.train("book")
        world.update("map")
        world.publish()
        world.update("dog")
        world.publish()
        world.roll_back(0)
        world.update("cup")

    def test_by_a_split_that_was_rolled_back(self, world: World) -> None:
        world.train("book", "map")
        world.publish()
        assert world.split(0)
        world.publish()
        world.roll_back(0)
        assert world.split(1)

    @pytest.mark.parametrize("published", [False, True])
    def test_by_a_split_that_was_undone(self, world: World, *, published: bool) -> None:
        world.train("book", "map")
        assert world.split(0)
        if published:
            world.publish()
        world.undo()
        assert world.split(1)
        world.undo()
        world.train("book", "map", "dog")

    def test_by_a_split_that_was_undone_before_an_update(self, world: World) -> None:
        world.train("book")
        assert world.split(0)
        world.undo()
        world.update("map")
        assert world.split(0)


class TestProposedGroups:
    @pytest.mark.parametrize("accept", [True, False])
    def test_keep_their_ids_whatever_becomes_of_them(self, world: World, *, accept: bool) -> None:
        world.train("book", "map")
        assert world.discover("dog")
        assert world.judge(accept=accept)
        assert world.split(0)
        world.undo()
        assert world.split(1)
        assert world.discover("cup")
        world.update("tree")
        world.train("book", "map", "dog", "cup")

    def test_that_were_rolled_back_leave_no_id(self, world: World) -> None:
        world.train("book")
        world.publish()
        assert world.discover("dog")
        assert world.judge(accept=True)
        world.publish()
        world.roll_back(0)
        assert world.discover("cup")
        assert world.split(0)


_places = st.integers(0, 6)
_pictures = st.lists(st.integers(0, 29), min_size=1, max_size=4)
_kind = st.sampled_from(sorted(KINDS))
_kinds = st.sets(_kind, min_size=1)
_then = st.sampled_from(["kept", "undone", "done again"])
"""What becomes of an edit."""


class Anything(RuleBasedStateMachine):
    """Every sequence of everything that can be done to a model."""

    def __init__(self) -> None:
        super().__init__()
        self._root = TemporaryDirectory()
        self._world = World(Path(self._root.name))

    def teardown(self) -> None:
        self._root.cleanup()

    @initialize(kinds=_kinds)
    def start(self, kinds: set[str]) -> None:
        self._world.train(*kinds)

    @rule(kinds=_kinds)
    def retrain(self, kinds: set[str]) -> None:
        self._world.train(*kinds)
        event("retrained")

    @rule(kind=_kind)
    def update(self, kind: str) -> None:
        self._world.update(kind)
        event("updated")

    @rule(kind=_kind, accept=st.booleans(), then=_then)
    def discover(self, kind: str, accept: bool, then: str) -> None:
        if self._world.discover(kind):
            self._edited("accepted" if accept else "turned down", then, made=self._world.judge(accept=accept))

    @rule()
    def publish(self) -> None:
        self._world.publish()
        event("published")

    @rule(place=st.integers(0, 3))
    def roll_back(self, place: int) -> None:
        if not self._world.published:
            self._world.publish()
        self._world.roll_back(place)
        event("rolled back")

    @rule(place=_places)
    def name(self, place: int) -> None:
        self._edited("named", "kept", made=self._world.name(place))

    @rule(place=_places, parts=st.integers(2, 3), then=_then)
    def split(self, place: int, parts: int, then: str) -> None:
        self._edited("split", then, made=self._world.split(place, parts))

    @rule(place=_places, other=st.integers(0, 1), then=_then)
    def merge(self, place: int, other: int, then: str) -> None:
        self._edited("merged", then, made=self._world.merge(place, place + 1 + other))

    @rule(pictures=_pictures, then=_then)
    def move(self, pictures: list[int], then: str) -> None:
        self._edited("moved", then, made=self._world.move(*pictures))

    @rule(pictures=_pictures, then=_then)
    def exclude(self, pictures: list[int], then: str) -> None:
        self._edited("excluded", then, made=self._world.exclude(*pictures))

    @rule(pictures=_pictures, place=_places, then=_then)
    def exclude_and_put_back(self, pictures: list[int], place: int, then: str) -> None:
        if self._world.exclude(*pictures):
            self._edited("put back", then, made=self._world.put_back(place))

    @rule()
    def undo(self) -> None:
        if self._world.undo():
            event("undone, later")

    def _edited(self, what: str, then: str, *, made: bool) -> None:
        if not made:
            return
        event(f"{what}, {then}")
        if then != "kept":
            self._world.undo()
        if then == "done again":
            self._world.redo()


TestAnything = pytest.mark.slow(Anything.TestCase)
TestAnything.settings = settings(
    max_examples=100, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
