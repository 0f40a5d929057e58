"""Names follow the pictures: whatever becomes of files and cluster ids when a model is trained again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.embedding.pipeline import Vector
from shared.model.bundle import Labels
from tests.training.model.blobs import EPS, blob, bridge, named
from tests.training.model.retraining import BOOKS, BOTH, MAPS, OPTIONS, fit, group_of, label
from training.model.build import Trained
from training.model.carry_over import Carried
from training.model.options import Options


@dataclass(frozen=True)
class Change:
    """What happens to one group between two trainings."""

    before: int
    """Pictures in it at first; 0: the group is new."""
    kept: int
    """Of these, how many are still there."""
    added: int
    renamed: bool
    name: str | None

    @property
    def survives(self) -> bool:
        return self.before > 0 and self.after >= OPTIONS.min_samples

    @property
    def after(self) -> int:
        return self.kept + self.added


@st.composite
def changes(draw: st.DrawFn) -> Change:
    before = draw(st.sampled_from([0, 3, 4, 5, 6, 7]))
    kept = draw(st.sampled_from([0, *range(3, before + 1)]))
    # Of the pictures in both, every group keeps all that are left: no share is too small to count.
    added = draw(st.integers(0, 6) if kept else st.sampled_from([0, 3, 4]))
    return Change(before, kept, added, draw(st.booleans()), draw(st.none() | st.text("abc", min_size=1, max_size=3)))


@pytest.mark.slow
@given(st.lists(changes(), min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_names_follow_the_pictures_and_never_a_number(groups: Sequence[Change], random: Random) -> None:
    first: dict[str, Vector] = {}
    second: dict[str, Vector] = {}
    for centre, group in enumerate(groups):
        old = named(f"group{centre}_", blob(centre, group.before)) if group.before else {}
        first |= old
        stays = dict(list(old.items())[: group.kept])
        second |= {f"new {name}": vector for name, vector in stays.items()} if group.renamed else stays
        second |= named(f"added{centre}_", blob(centre, group.added, seed=1)) if group.added else {}
    first |= named("odd", np.concatenate([blob(100, 1), blob(101, 1)]))
    if not any(group.before for group in groups) or not any(group.after for group in groups):
        return
    shuffled = list(second.items())
    random.shuffle(shuffled)

    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "books"
        old_model = fit(folder, first)
        old_ids = {centre: group_of(old_model, f"group{centre}_0.jpg") for centre, g in enumerate(groups) if g.before}
        label(folder, labels={old_ids[c]: (g.name,) for c, g in enumerate(groups) if g.name and g.before})
        model = fit(folder, dict(shuffled), folder)

    expected: dict[int, tuple[str, ...]] = {}
    gone: list[int] = []
    for centre, group in enumerate(groups):
        if group.survives:
            prefix = "new " if group.renamed else ""
            one = f"{prefix}group{centre}_0.jpg" if group.kept else f"added{centre}_0.jpg"
            new_id = group_of(model, one)
            assert model.carried.ancestors[new_id] == [old_ids[centre]]
            assert new_id == old_ids[centre]
            if group.name:
                expected[new_id] = (group.name,)
        elif group.before:
            gone.append(old_ids[centre])
    assert model.carried.names == expected
    assert model.bundle.labels.labels == expected
    assert model.carried.gone == sorted(gone)
    assert (model.carried.split, model.carried.merged) == ({}, {})


def test_entirely_other_pictures_inherit_nothing(retrain: Callable[..., Trained]) -> None:
    model = retrain(BOOKS | MAPS, {"labels": BOTH}, named("cat", blob(3, 5)) | named("dog", blob(4, 4)))
    assert model.carried == Carried(gone=[0, 1])
    assert model.bundle.labels.labels == {}


def test_other_pictures_under_the_old_file_names_inherit_nothing(retrain: Callable[..., Trained]) -> None:
    model = retrain(BOOKS | MAPS, {"labels": BOTH}, named("book", blob(3, 5)) | named("map", blob(4, 4)))
    assert model.carried == Carried(gone=[0, 1])


def test_swapped_file_names_do_not_move_the_names(retrain: Callable[..., Trained]) -> None:
    swapped = named("map", blob(1, 5)) | named("book", blob(2, 4))
    model = retrain(BOOKS | MAPS, {"labels": BOTH}, swapped)
    assert model.bundle.labels.labels[group_of(model, "map0.jpg")] == ("book",)
    assert model.bundle.labels.labels[group_of(model, "book0.jpg")] == ("map",)


def test_a_group_that_splits_gives_its_names_to_every_part(retrain: Callable[..., Trained]) -> None:
    ends = BOOKS | MAPS
    model = retrain(ends | named("between", bridge(1, 2)), {"labels": {0: ("paper",)}}, ends)
    assert model.clusters.count == 2
    assert model.carried.names == {0: ("paper",), 1: ("paper",)}
    assert model.carried.split == {0: [0, 1]}
    assert (model.carried.merged, model.carried.gone) == ({}, [])


@pytest.mark.parametrize(
    ("labels", "kept"),
    [(BOTH, ("book", "map")), ({1: ("map",)}, ("map",)), ({0: ("book",)}, ("book",)), ({}, None)],
    ids=["of both", "of the smaller one", "of the larger one", "of none"],
)
def test_groups_that_become_one_pass_on_names(
    retrain: Callable[..., Trained], labels: Mapping[int, tuple[str, ...]], kept: tuple[str, ...] | None
) -> None:
    ends = BOOKS | MAPS
    model = retrain(ends, {"labels": labels}, ends | named("between", bridge(1, 2)))
    assert model.clusters.count == 1
    assert model.carried.merged == {0: [0, 1]}
    assert model.carried.names.get(0) == kept
    # A name that was not the larger group's is not its own unasked.
    assert model.bundle.labels.conflicts == ((0,) if kept and "map" in kept else ())
    assert (model.carried.split, model.carried.gone) == ({}, [])


def test_a_picture_that_changes_groups_is_not_a_merger(retrain: Callable[..., Trained]) -> None:
    ends, steps = named("book", blob(1, 8)) | named("map", blob(2, 8)), named("step", bridge(1, 2))
    first = ends | {name: steps[name] for name in ("step1.jpg", "step2.jpg")}
    second = ends | {name: steps[name] for name in ("step2.jpg", "step3.jpg")}
    model = retrain(first, {"labels": BOTH}, second)
    assert group_of(model, "step2.jpg") == group_of(model, "map0.jpg"), "it was the books' border picture before"
    assert model.carried.merged == {}
    assert model.carried.names == BOTH


@pytest.mark.parametrize("prefix", ["", "renamed "])
def test_not_a_group_survives_training(retrain: Callable[..., Trained], prefix: str) -> None:
    second = {f"{prefix}{name}": vector for name, vector in (MAPS | BOOKS).items()}
    model = retrain(BOOKS | MAPS, {"labels": {0: ("book",)}, "not_groups": (1,)}, second)
    assert model.bundle.labels.not_groups == (group_of(model, f"{prefix}map0.jpg"),) == (1,)
    assert model.carried.names == {0: ("book",)}
    assert model.carried.gone == []


@pytest.mark.parametrize("change", ["pooling", "resize"])
def test_with_another_embedder_only_pictures_of_the_same_name_count(
    retrain: Callable[..., Trained], change: str
) -> None:
    other = Options("books", eps=EPS, **{change: {"pooling": "max", "resize": "point"}[change]})  # pyright: ignore[reportArgumentType]
    elsewhere = named("map", blob(12, 4)) | named("book", blob(11, 5))
    model = retrain(BOOKS | MAPS, {"labels": BOTH}, elsewhere, other)
    assert model.carried.names == BOTH


def test_with_another_embedder_and_no_picture_in_common_nothing_is_carried(retrain: Callable[..., Trained]) -> None:
    renamed = {f"renamed {name}": vector for name, vector in (BOOKS | MAPS).items()}
    model = retrain(BOOKS | MAPS, {"labels": BOTH}, renamed, Options("books", eps=EPS, resize="point"))
    assert model.carried == Carried(gone=[0, 1])


def test_odd_file_names_are_recognized(retrain: Callable[..., Trained]) -> None:
    names = ["=1+1.jpg", "two\r\nlines.jpg", "'quoted'.jpg", "-1", "été\u2028.jpg"]
    odd = dict(zip(names, blob(1, 5), strict=True))
    elsewhere = dict(zip(names, blob(9, 5), strict=True))
    model = retrain(odd | MAPS, {"labels": BOTH}, MAPS | elsewhere, Options("books", eps=EPS, resize="point"))
    assert model.carried.names == BOTH


def test_the_old_labels_are_not_changed(tmp_path: Path) -> None:
    fit(tmp_path / "old", BOOKS | MAPS)
    label(tmp_path / "old", labels=BOTH)
    before = (tmp_path / "old" / "labels.json").read_bytes()
    model = fit(tmp_path / "new", MAPS | BOOKS, tmp_path / "old")
    assert model.bundle.labels == Labels(labels=BOTH, exemplars=model.bundle.labels.exemplars)
    assert (tmp_path / "old" / "labels.json").read_bytes() == before
