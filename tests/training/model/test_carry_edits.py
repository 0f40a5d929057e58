"""A person's edits follow the pictures, too: removed pictures stay out, and splits are remembered by their names."""

from collections.abc import Callable

import numpy as np
import pytest

from shared.embedding.pipeline import Vector
from shared.model.core_samples import NOISE
from shared.model.exclusions import Excluded
from shared.model.model import Model
from shared.model.parts import Edits
from tests.training.model.blobs import EPS, blob, bridge, named
from tests.training.model.retraining import BOOKS, BOTH, MAPS, Pictures, group_of
from tests.training.plain_embedder import plain_embedder
from training.model.build import Trained
from training.model.options import Options


def excluded(pictures: Pictures, *names: str, of: int) -> dict[str, object]:
    """Labels in which a person took pictures out of a group."""
    out = (Excluded(picture=name, clusters=(of,), vector=pictures[name].tobytes()) for name in names)
    return {"labels": BOTH, "edits": Edits(excluded=tuple(out))}


def answered(model: Trained, vector: Vector) -> int:
    return Model(model.bundle, plain_embedder()).assign(vector[None])[0].cluster


@pytest.mark.parametrize("prefix", ["", "renamed "])
def test_a_removed_picture_stays_out_whatever_it_is_called_now(retrain: Callable[..., Trained], prefix: str) -> None:
    second = {f"{prefix}{name}": vector for name, vector in (MAPS | BOOKS).items()}
    model = retrain(BOOKS | MAPS, excluded(BOOKS, "book0.jpg", of=0), second)
    (out,) = model.carried.excluded
    assert (out.picture, out.clusters) == (f"{prefix}book0.jpg", (group_of(model, f"{prefix}book1.jpg"),))
    assert model.bundle.labels.edits == Edits(excluded=(out,))
    assert [answered(model, BOOKS[name]) for name in ("book0.jpg", "book1.jpg")] == [NOISE, *out.clusters]
    assert f"{prefix}book0.jpg" not in model.bundle.labels.exemplars[out.clusters[0]]
    assert model.bundle.labels.labels == BOTH


def test_a_removed_picture_that_lay_near_the_group_stays_out(retrain: Callable[..., Trained]) -> None:
    border = {"step.jpg": bridge(1, 2)[1], "border.jpg": bridge(1, 2)[2]}
    model = retrain(BOOKS | MAPS | border, excluded(border, "border.jpg", of=0), BOOKS | MAPS | border)
    assert not model.clusters.core[model.embedded.names.index("border.jpg")]
    assert group_of(model, "border.jpg") == 0
    assert answered(model, border["border.jpg"]) == NOISE


def test_a_removed_picture_that_is_gone_stays_out(retrain: Callable[..., Trained]) -> None:
    rest = {name: vector for name, vector in (BOOKS | MAPS).items() if name != "book0.jpg"}
    model = retrain(BOOKS | MAPS, excluded(BOOKS, "book0.jpg", of=0), rest)
    assert [out.picture for out in model.carried.excluded] == ["book0.jpg"]
    assert answered(model, BOOKS["book0.jpg"]) == NOISE
    assert model.carried.names == BOTH


def test_another_picture_under_the_name_of_a_removed_one_is_not_removed(retrain: Callable[..., Trained]) -> None:
    other = {"book0.jpg": blob(1, 1, seed=7)[0]}
    model = retrain(BOOKS | MAPS, excluded(BOOKS, "book0.jpg", of=0), BOOKS | MAPS | other)
    assert answered(model, other["book0.jpg"]) == group_of(model, "book0.jpg") == 0
    assert answered(model, BOOKS["book0.jpg"]) == NOISE


def test_a_picture_is_not_removed_from_a_group_it_has_left(retrain: Callable[..., Trained]) -> None:
    model = retrain(BOOKS | MAPS, excluded(BOOKS, "book0.jpg", of=0), MAPS | named("cat", blob(3, 5)))
    assert model.bundle.labels.edits == Edits()
    assert model.carried.forgotten == {"book0.jpg": "nothing continues the group that it was removed from"}


def test_a_picture_removed_from_a_group_that_splits_stays_out_of_every_part(
    retrain: Callable[..., Trained],
) -> None:
    ends = BOOKS | MAPS
    labels = excluded(BOOKS, "book0.jpg", of=0) | {"labels": {0: ("book",)}}
    model = retrain(ends | named("between", bridge(1, 2)), labels, ends)
    assert [out.clusters for out in model.carried.excluded] == [(0, 1)]


def test_with_another_embedder_removed_pictures_are_known_by_name(retrain: Callable[..., Trained]) -> None:
    elsewhere = named("map", blob(12, 4)) | dict(list(named("book", blob(11, 5)).items())[1:])
    labels = excluded(BOOKS | MAPS, "map1.jpg", "book0.jpg", of=0)
    model = retrain(MAPS | BOOKS, labels, elsewhere, Options("books", eps=EPS, resize="point"))
    (out,) = model.bundle.labels.edits.excluded
    assert (out.picture, out.clusters) == ("map1.jpg", (0,))
    assert answered(model, elsewhere["map1.jpg"]) == NOISE
    assert list(model.carried.forgotten) == ["book0.jpg"]
    assert "embeddings are made another way" in model.carried.forgotten["book0.jpg"]


def test_a_removed_picture_by_its_core_sample_alone_stays_out(retrain: Callable[..., Trained]) -> None:
    model = retrain(BOOKS | MAPS, {"labels": BOTH, "edits": Edits(core={0: NOISE})}, MAPS | BOOKS)
    assert [(out.picture, out.clusters) for out in model.carried.excluded] == [("book0.jpg", (0,))]
    assert answered(model, BOOKS["book0.jpg"]) == NOISE


def test_a_split_is_kept_with_both_names_when_training_finds_the_group_whole(retrain: Callable[..., Trained]) -> None:
    parted = {"labels": BOTH | {2: ("thin book",)}, "edits": Edits(core={3: 2, 4: 2}, eps={2: 0.05})}
    model = retrain(BOOKS | MAPS, parted, BOOKS | MAPS)
    labels = model.bundle.labels.labels
    assert [labels[answered(model, BOOKS[f"book{copy}.jpg"])] for copy in range(5)] == (
        [("book",)] * 3 + [("thin book",)] * 2
    )
    assert labels[answered(model, MAPS["map1.jpg"])] == ("map",)
    assert len(model.bundle.labels.edits.decided) == 2


def test_a_part_is_carried_by_the_pictures_that_are_left_of_it(retrain: Callable[..., Trained]) -> None:
    parted = {"labels": BOTH | {2: ("chart",)}, "edits": Edits(core={6: 2, 7: 2, 8: 2}, eps={2: EPS})}
    renamed = {f"renamed {name}": MAPS[name] for name in ("map1.jpg", "map2.jpg", "map3.jpg")}
    model = retrain(BOOKS | MAPS, parted, renamed)
    assert model.bundle.labels.labels == {2: ("chart",)}


def test_a_removed_picture_stays_out_though_it_is_renamed_and_recompressed(retrain: Callable[..., Trained]) -> None:
    noise = np.random.default_rng(0).normal(scale=0.08, size=(9, 512)).astype(np.float32)
    again = {f"new/{name}": vector + noise[row] for row, (name, vector) in enumerate((BOOKS | MAPS).items())}
    model = retrain(BOOKS | MAPS, excluded(BOOKS, "book0.jpg", of=0), again)
    assert [out.picture for out in model.carried.excluded] == ["new/book0.jpg"]
    assert answered(model, again["new/book0.jpg"]) == NOISE
    assert answered(model, again["new/book1.jpg"]) == 0
