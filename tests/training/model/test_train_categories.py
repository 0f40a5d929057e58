"""Training category by category: groups, eps and errors of each."""

from pathlib import Path

import pytest

from shared.model.core_samples import NOISE
from shared.model.model import Model
from tests.training.model.blobs import EPS, blob, embedded, named
from tests.training.plain_embedder import plain_embedder
from training.model.build import TrainingError, build_model
from training.model.options import Options

OPTIONS = Options("books", eps=EPS)


def test_categories_are_trained_apart(tmp_path: Path) -> None:
    pictures = named("a/book", blob(1, 4)) | named("b/book", blob(1, 5, seed=1)) | named("b/map", blob(2, 3))
    categories = [name[0] for name in pictures]
    trained = build_model(embedded(pictures), OPTIONS, tmp_path / "books", categories=categories)
    assert trained.clusters.sizes() == [4, 5, 3]
    assert trained.bundle.manifest.categories == {"a": (0,), "b": (1, 2)}


def test_each_category_has_its_own_eps(tmp_path: Path) -> None:
    near = {f"near/{name}": vector for name, vector in (named("x", blob(1, 8)) | named("y", blob(2, 8))).items()}
    wide = {f"wide/{name}": v * 9 for name, v in (named("x", blob(3, 8)) | named("y", blob(4, 8))).items()}
    trained = build_model(
        embedded(near | wide),
        Options("books", metric="euclidean"),
        tmp_path / "books",
        categories=[name[:4] for name in near | wide],
    )
    assert trained.choices.keys() == {"near", "wide"}
    (near_eps,), (wide_eps,) = set(trained.bundle.arrays.eps[:2].tolist()), set(trained.bundle.arrays.eps[2:].tolist())
    assert near_eps * 5 < wide_eps
    assert trained.bundle.manifest.clustering.eps == pytest.approx(trained.choices["wide"].eps)


def test_a_category_without_a_group_does_not_stop_the_others(tmp_path: Path) -> None:
    pictures = named("few", blob(1, 2)) | named("many", blob(2, 8)) | named("more", blob(3, 8))
    categories = ["few"] * 2 + ["many"] * 16
    trained = build_model(embedded(pictures), Options("books"), tmp_path / "books", categories=categories)
    assert trained.bundle.manifest.categories == {"many": (0, 1)}
    assert trained.clusters.labels[:2].tolist() == [NOISE, NOISE]
    (answer,) = Model(trained.bundle, plain_embedder()).assign(blob(2, 1), "few")
    assert answer.cluster == NOISE


def test_categories_without_any_group_name_one_and_say_what_to_try(tmp_path: Path) -> None:
    pictures = embedded(named("a", blob(1, 4)))
    with pytest.raises(TrainingError, match=r"^category maps: .* add pictures"):
        build_model(pictures, Options("books"), tmp_path / "books", categories=["art", "maps"] * 2)
    with pytest.raises(TrainingError, match=r"no 3 of the 4 pictures are within eps 0\.0001"):
        build_model(pictures, Options("books", eps=1e-4), tmp_path / "books", categories=["a"] * 4)
