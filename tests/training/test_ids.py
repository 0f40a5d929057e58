"""Whatever is done to a model, an id never goes to another group, and a name never to pictures that did not have it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.training.world import KINDS, World


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
