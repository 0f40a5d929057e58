"""Whatever is done to a model, an id never goes to another group, and a name never to pictures that did not have it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.digests import sha256
from shared.model.bundle import read_bundle, write_labels
from shared.model.core_samples import NOISE
from shared.stores.folder import FolderStore
from shared.stores.graphs import graph_path
from tests.training.model.blobs import EPS, blob, embedded, named
from tests.training.model.retraining import Pictures, fit
from tests.training.plain_embedder import plain_embedder
from training.assignments_csv import read_rows
from training.gallery.gallery import Gallery
from training.model.extend import extend
from training.model.options import Options
from training.page.edited import EditError
from training.page.edits import Edit, Merge, Move, Name, Remove, Split, apply, shown_grouping
from training.progress import no_progress
from training.release.publishing import publish, roll_back
from training.release.versions import fetch

_GRAPH = b"a graph that nothing is asked of"
OPTIONS = Options("books", eps=EPS, graph_sha256=sha256(_GRAPH))

KINDS = {kind: named(kind, blob(centre, 6)) for centre, kind in enumerate(("book", "map", "dog", "cup", "tree"), 1)}
ALL: Pictures = {name: vector for pictures in KINDS.values() for name, vector in pictures.items()}

type Kinds = frozenset[str]
type Step = Edit | Kinds | tuple[Literal["update"], str] | Literal["publish"] | int
"""An edit, the kinds that are trained on next, one that the model is updated with, a publication, or the number of the
version that is rolled back to."""


class World:
    """A model, what it was published as, and which pictures every id and every name ever stood for."""

    def __init__(self, root: Path) -> None:
        self._models = root / "models"
        self._store = FolderStore(root / "store")
        self._folder = self._models / "books"
        graph = graph_path(self._models, OPTIONS.graph_sha256)
        graph.parent.mkdir(parents=True)
        graph.write_bytes(_GRAPH)
        self._pictures: Pictures = {}
        self._versions: list[tuple[str, Pictures]] = []
        self._of_id: dict[int, set[str]] = defaultdict(set)
        self._of_name: dict[str, set[str]] = defaultdict(set)
        self._names = 0

    def take(self, step: Step) -> None:
        match step:
            case frozenset():
                self._train(step)
            case ("update", kind):
                self._update(kind)
            case "publish":
                publish(self._store, self._folder, no_progress)
                self._versions.append((read_bundle(self._folder).version, self._pictures))
            case int():
                if self._versions:
                    version, self._pictures = self._versions[step % len(self._versions)]
                    roll_back(self._store, "books", version)
                    fetch(self._store, "books", version, self._models, no_progress, overwrite=True)
            case _:
                self._edit(step)
        self._check()

    def _train(self, kinds: Kinds) -> None:
        self._pictures = {name: vector for kind in sorted(kinds) for name, vector in KINDS[kind].items()}
        fit(self._folder, self._pictures, self._folder if self._folder.exists() else None, OPTIONS)

    def _update(self, kind: str) -> None:
        bundle = read_bundle(self._folder)
        known = self._pictures
        self._pictures = {**known, **KINDS[kind]}
        rest = {name: vector for name, vector in self._pictures.items() if not self._core(name)}
        if rest:
            before = self._members()[0]
            extend(bundle, self._folder, embedded(rest))
            after = self._members()[0]
            for cluster, pictures in before.items():
                assert after[cluster] & known.keys() == pictures & known.keys(), "a group lost or won old pictures"

    def _core(self, picture: str) -> bool:
        return any(row.core for row in read_rows(self._folder) if row.picture == picture)

    def _gallery(self) -> Gallery:
        sources = [_Source(name) for name in self._pictures]
        return Gallery(
            self._folder,
            read_bundle(self._folder),
            plain_embedder(),
            sources,  # pyright: ignore[reportArgumentType]
            embedded(self._pictures),
        )

    def _edit(self, edit: Edit) -> None:
        gallery = self._gallery()
        labels = gallery.bundle.labels
        grouping = shown_grouping(gallery, labels, gallery.grouping(labels))
        edit = self._possible(edit, [group.cluster for group in grouping.groups])
        try:
            write_labels(self._folder, apply(edit, gallery, labels, grouping).labels)
        except EditError:
            return
        if isinstance(edit, Name):
            self._of_name[edit.add[0]] |= self._members()[0][edit.group]
        elif isinstance(edit, Move):
            self._of_name[edit.name] |= {gallery.names[picture] for picture in edit.pictures}

    def _possible(self, edit: Edit, groups: list[int]) -> Edit:
        """Groups by their place among those that there are, and a name that nothing ever had."""
        self._names += 1
        name = f"name {self._names}"
        match edit:
            case Name():
                return edit.model_copy(update={"group": groups[edit.group % len(groups)], "add": (name,)})
            case Split():
                return edit.model_copy(update={"group": groups[edit.group % len(groups)]})
            case Merge():
                chosen = tuple(groups[group % len(groups)] for group in edit.groups)
                labels = read_bundle(self._folder).labels.labels
                return edit.model_copy(
                    update={"groups": chosen, "names": tuple(name for c in chosen for name in labels.get(c, ()))}
                )
            case Move() | Remove():
                pictures = tuple({picture % len(self._pictures) for picture in edit.pictures})
                return edit.model_copy(update={"pictures": pictures, **({"name": name} if edit.op == "move" else {})})
            case _:
                return edit

    def _members(self) -> tuple[dict[int, set[str]], dict[int, tuple[str, ...]]]:
        gallery = self._gallery()
        labels = gallery.bundle.labels
        clusters = gallery.grouping(labels).clusters
        members = {
            cluster: {gallery.names[row] for row in np.flatnonzero(clusters == cluster).tolist()}
            for cluster in set(clusters.tolist()) - {NOISE}
        }
        return members, labels.labels

    def _check(self) -> None:
        members, names = self._members()
        for cluster, pictures in members.items():
            known = self._of_id[cluster]
            assert not known or known & pictures, f"id {cluster} was of {known} and is now of {pictures}"
            known |= pictures
            for name in names.get(cluster, ()):
                had = self._of_name[name]
                assert had & pictures, f"{name} was of {had} and is now of {pictures}"
                had |= pictures


class _Source:
    """A picture of which nothing but the name is asked."""

    def __init__(self, name: str) -> None:
        self.name = name


_group, _pictures = st.integers(0, 6), st.lists(st.integers(0, 29), min_size=1, max_size=4).map(tuple)
_kinds = st.frozensets(st.sampled_from(sorted(KINDS)), min_size=1)
_steps = st.lists(
    st.one_of(
        _kinds,
        _kinds,
        st.tuples(st.just("update"), st.sampled_from(sorted(KINDS))),
        st.tuples(st.just("update"), st.sampled_from(sorted(KINDS))),
        st.just("publish"),
        st.integers(0, 3),
        st.builds(Name, op=st.just("name"), group=_group),
        st.builds(Split, op=st.just("split"), group=_group, parts=st.integers(2, 3)),
        st.builds(Merge, op=st.just("merge"), groups=st.tuples(_group, _group), names=st.just(())),
        st.builds(Move, op=st.just("move"), pictures=_pictures),
        st.builds(Remove, op=st.just("remove"), pictures=_pictures),
    ),
    min_size=2,
    max_size=8,
)


@pytest.mark.parametrize(
    "steps",
    [
        ["publish", frozenset({"book", "map"}), "publish", 0, frozenset({"book", "dog"})],
        [("update", "map"), "publish", ("update", "dog"), 0, ("update", "cup")],
    ],
    ids=["trained", "updated"],
)
def test_a_version_that_was_rolled_back_keeps_its_ids(steps: list[Step], tmp_path: Path) -> None:
    world = World(tmp_path)
    world.take(frozenset({"book"}))
    for step in steps:
        world.take(step)


@pytest.mark.slow
@given(_kinds, _steps)
@example(frozenset({"book", "map"}), [frozenset({"book", "dog"}), frozenset({"cup"}), frozenset({"map", "tree"})])
@example(frozenset({"book"}), ["publish", frozenset({"book", "map"}), "publish", 0, frozenset({"book", "dog"})])
@example(
    frozenset({"book", "map"}),
    [Split(op="split", group=0, parts=2), "publish", frozenset({"map"}), frozenset({"map", "dog"}), 0],
)
@example(
    frozenset({"book"}),
    [("update", "map"), "publish", ("update", "dog"), "publish", 0, ("update", "cup"), frozenset({"book", "tree"})],
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_id_is_used_again_and_no_name_moves(first: Kinds, steps: list[Step]) -> None:
    with TemporaryDirectory() as root:
        world = World(Path(root))
        world.take(first)
        for step in steps:
            world.take(step)
