"""What a person decided holds when the model is trained again, whatever DBSCAN finds."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from shared.embedding.pipeline import Vector
from shared.model.core_samples import NOISE
from shared.model.exclusions import Excluded
from shared.model.model import Model
from shared.model.parts import Edits
from shared.model.remembered import Placed, vector_bytes
from tests.training.model.blobs import EPS, blob, bridge, named
from tests.training.model.retraining import BOOKS, BOTH, MAPS, fit
from tests.training.plain_embedder import plain_embedder
from training.model.build import Trained
from training.model.options import Options

WOLVES, DOGS = named("wolf", blob(5, 4)), named("dog", blob(5, 4, seed=9))
PACK = DOGS | WOLVES
"""One group for DBSCAN (rows 0 to 3 dogs, 4 to 7 wolves, in this order), two for a person."""
SPLIT: Mapping[str, object] = {
    "labels": {1: ("dog",), 2: ("wolf",)},
    "edits": Edits(core={row: 1 + row // 4 for row in range(8)}, eps={1: EPS, 2: EPS}, decided=(1, 2)),
}


def names(model: Trained, vector: Vector) -> tuple[str, ...]:
    """What the Function answers."""
    return Model(model.bundle, plain_embedder()).assign(vector[None])[0].names


def assert_told_apart(model: Trained, dogs: Mapping[str, Vector], wolves: Mapping[str, Vector]) -> None:
    assert {names(model, vector) for vector in dogs.values()} == {("dog",)}
    assert {names(model, vector) for vector in wolves.values()} == {("wolf",)}


class TestASplitWithTwoNames:
    def test_is_kept_on_the_same_pictures(self, retrain: Callable[..., Trained]) -> None:
        model = retrain(PACK, SPLIT, PACK)
        assert model.clusters.count == 1
        assert_told_apart(model, DOGS, WOLVES)

    def test_is_kept_with_renamed_and_recompressed_pictures(self, retrain: Callable[..., Trained]) -> None:
        noise = np.random.default_rng(0).normal(scale=0.01, size=(8, 512)).astype(np.float32)
        again = {f"renamed {name}": vector + noise[row] for row, (name, vector) in enumerate(PACK.items())}
        assert_told_apart(
            retrain(PACK, SPLIT, again),
            {name: vector for name, vector in again.items() if "dog" in name},
            {name: vector for name, vector in again.items() if "wolf" in name},
        )

    def test_is_kept_with_pictures_added_and_removed(self, retrain: Callable[..., Trained]) -> None:
        rest = {name: vector for name, vector in PACK.items() if name not in {"dog0.jpg", "wolf3.jpg"}}
        new = named("new", blob(5, 3, seed=3))
        model = retrain(PACK, SPLIT, rest | new | BOOKS)
        assert_told_apart(model, {"dog1.jpg": DOGS["dog1.jpg"]}, {"wolf0.jpg": WOLVES["wolf0.jpg"]})
        assert {names(model, vector) for vector in new.values()} <= {("dog",), ("wolf",)}

    def test_is_kept_with_another_embedder(self, retrain: Callable[..., Trained]) -> None:
        elsewhere = named("wolf", blob(15, 4)) | named("dog", blob(15, 4, seed=9))
        model = retrain(PACK, SPLIT, elsewhere, Options("books", eps=EPS, resize="point"))
        assert_told_apart(
            model,
            {name: vector for name, vector in elsewhere.items() if "dog" in name},
            {name: vector for name, vector in elsewhere.items() if "wolf" in name},
        )

    def test_outlives_a_training_that_finds_the_very_parts(self, retrain: Callable[..., Trained]) -> None:
        model = retrain(PACK, SPLIT, PACK)
        assert set(model.bundle.labels.edits.decided) == set(model.bundle.labels.labels)


def test_a_moved_picture_stays_where_it_was_put(retrain: Callable[..., Trained]) -> None:
    moved = {"labels": BOTH, "edits": Edits(core={0: 1}, decided=(0, 1))}
    model = retrain(BOOKS | MAPS, moved, BOOKS | MAPS)
    assert names(model, BOOKS["book0.jpg"]) == ("map",)
    assert {names(model, BOOKS[f"book{copy}.jpg"]) for copy in range(1, 5)} == {("book",)}


def test_pictures_of_which_most_others_are_gone_stay_apart_from_one_moved_by_hand(
    retrain: Callable[..., Trained],
) -> None:
    moved = {"labels": BOTH, "edits": Edits(core={1: 1, 5: 0}, by_hand=(1, 5, 6), decided=(0, 1))}
    both = BOOKS | MAPS
    rest = {name: both[name] for name in ("book0.jpg", "book2.jpg", "map0.jpg", "map2.jpg")}
    model = retrain(both, moved, rest | PACK)
    assert [names(model, vector) for vector in rest.values()] == [("book",), ("book",), ("book",), ("map",)]


def test_a_picture_removed_from_a_group_of_its_own_stays_where_it_was_then(retrain: Callable[..., Trained]) -> None:
    removed = Excluded(picture="dog1.jpg", vector=vector_bytes(DOGS["dog1.jpg"]), clusters=(2,))
    parts = {row: 2 if row == 1 else 1 for row in range(8)}
    edits = Edits(core=parts, eps={1: 0.006, 2: EPS}, decided=(1, 2), excluded=(removed,))
    noise = np.random.default_rng(0).normal(scale=0.08, size=(8, 512)).astype(np.float32)
    again = {name: vector + noise[row] for row, (name, vector) in enumerate(PACK.items())}
    model = retrain(PACK, {"labels": {1: ("dog",), 2: ("wolf",)}, "edits": edits}, again)
    assert names(model, again["dog1.jpg"]) == ("dog",)


def test_merged_groups_stay_one(retrain: Callable[..., Trained]) -> None:
    merged = {"labels": {0: ("paper",)}, "edits": Edits(core=dict.fromkeys(range(5, 9), 0), decided=(0, 1))}
    model = retrain(BOOKS | MAPS, merged, BOOKS | MAPS)
    assert {names(model, vector) for vector in (BOOKS | MAPS).values()} == {("paper",)}


def test_an_unclustered_picture_stays_where_it_was_put(retrain: Callable[..., Trained]) -> None:
    odd = {"odd.jpg": bridge(1, 2)[2]}
    placed = Placed(picture="odd.jpg", vector=vector_bytes(odd["odd.jpg"]), cluster=1)
    edits = Edits(placed=(placed,), decided=(1,))
    model = retrain(BOOKS | MAPS | odd, {"labels": BOTH, "edits": edits}, BOOKS | MAPS | odd)
    assert names(model, odd["odd.jpg"]) == ("map",)
    assert [entry.picture for entry in model.bundle.labels.edits.placed] == ["odd.jpg"]


def test_a_picture_that_nobody_is_sure_about_answers_nothing(retrain: Callable[..., Trained]) -> None:
    unsure = Placed(picture="book2.jpg", vector=vector_bytes(BOOKS["book2.jpg"]), cluster=NOISE)
    model = retrain(BOOKS | MAPS, {"labels": BOTH, "edits": Edits(placed=(unsure,))}, BOOKS | MAPS)
    assert names(model, BOOKS["book2.jpg"]) == ()
    assert names(model, BOOKS["book1.jpg"]) == ("book",)


def test_a_group_of_which_no_picture_is_left_is_told_as_gone(retrain: Callable[..., Trained]) -> None:
    model = retrain(PACK, SPLIT, DOGS | BOOKS)
    assert model.carried.gone == [2]


def test_decisions_hold_time_after_time(retrain: Callable[..., Trained], tmp_path: Path) -> None:
    retrain(PACK, SPLIT, PACK)
    for _ in range(2):
        model = fit(tmp_path / "books", PACK, tmp_path / "books")
        assert_told_apart(model, DOGS, WOLVES)


class TestAPictureThatAPersonPutSomewhere:
    """Moved by hand, and away while the model is trained: from a disk that is not there, say."""

    odd: ClassVar = {"odd.jpg": bridge(1, 2)[2]}
    away: ClassVar = {name: vector for name, vector in (BOOKS | MAPS).items() if name != "book0.jpg"}
    placed = Placed(picture="odd.jpg", vector=vector_bytes(odd["odd.jpg"]), cluster=1, by_hand=True)
    moved: ClassVar = {
        "labels": BOTH,
        "edits": Edits(core={0: 1}, placed=(placed,), by_hand=(0,), decided=(0, 1)),
    }

    def test_is_where_it_was_put_when_it_is_there_again(self, retrain: Callable[..., Trained], tmp_path: Path) -> None:
        model = retrain(BOOKS | MAPS | self.odd, self.moved, self.away)
        assert [(entry.picture, entry.by_hand) for entry in model.bundle.labels.edits.placed] == [
            ("odd.jpg", True),
            ("book0.jpg", True),
        ]
        again = {f"new/{name}": vector for name, vector in (BOOKS | MAPS | self.odd).items()}
        model = fit(tmp_path / "books", again, tmp_path / "books")
        for vector in (BOOKS["book0.jpg"], self.odd["odd.jpg"]):
            assert names(model, vector) == ("map",)
        edits = model.bundle.labels.edits
        assert len(edits.by_hand) == 1
        assert [(entry.picture, entry.by_hand) for entry in edits.placed] == [("new/odd.jpg", True)]

    def test_is_told_where_it_can_never_be_recognized(self, retrain: Callable[..., Trained]) -> None:
        elsewhere = named("map", blob(12, 4)) | dict(list(named("book", blob(11, 5)).items())[1:])
        model = retrain(BOOKS | MAPS | self.odd, self.moved, elsewhere, Options("books", eps=EPS, resize="point"))
        assert model.carried.lost == ("odd.jpg", "book0.jpg")
