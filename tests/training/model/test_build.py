import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.csv_files import csv_rows
from shared.digests import sha256
from shared.embedding.embedder import Pooling
from shared.embedding.images import Resize
from shared.model.bundle import (
    ASSIGNMENTS,
    CLUSTERS,
    LABELS,
    MANIFEST,
    BundleError,
    read_bundle,
    read_manifest,
    write_labels,
)
from shared.model.core_samples import NOISE, Metric
from shared.model.model import Model
from shared.pictures.folder import find_pictures
from tests.training.model.blobs import EPS, blob, bridge, embedded, named
from tests.training.plain_embedder import plain_embedder
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_pictures
from training.model.build import Previous, TrainingError, build_model
from training.model.names import NamesError
from training.model.options import Options

OPTIONS = Options("books", eps=EPS)
PICTURES = named("book", blob(1, 5)) | named("map", blob(2, 4)) | named("odd", blob(3, 1))


def assigned(folder: Path) -> dict[str, tuple[int, float, str]]:
    rows = csv_rows((folder / ASSIGNMENTS).read_text("utf-8", newline=""))
    return {row["picture"]: (int(row["cluster"]), float(row["distance"]), row["core"]) for row in rows}


def contents(folder: Path) -> tuple[dict[str, bytes], dict[str, object]]:
    """What training writes, the time of day aside."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    del manifest["created"]
    return {name: (folder / name).read_bytes() for name in (CLUSTERS, ASSIGNMENTS, LABELS)}, manifest


def test_a_bundle_says_what_it_is(tmp_path: Path) -> None:
    trained = build_model(embedded(PICTURES), OPTIONS, tmp_path / "books")
    manifest = read_manifest(tmp_path / "books")
    assert manifest == trained.bundle.manifest
    assert manifest.counts.model_dump() == {
        "pictures": 10,
        "clustered": 9,
        "unclustered": 1,
        "skipped": 0,
        "clusters": 2,
        "core_samples": 9,
    }
    assert manifest.clustering.model_dump() == {
        "metric": "cosine",
        "eps": EPS,
        "min_samples": 3,
        "eps_chosen": "given",
        "neighbours": 0,
    }
    assert manifest.files == {
        name: sha256((tmp_path / "books" / name).read_bytes()) for name in (CLUSTERS, ASSIGNMENTS)
    }
    assert {"python", "machine", "numpy", "onnxruntime", "pillow", "scikit-learn"} == manifest.made_with.keys()


def test_assignments_list_every_pictures_group_and_distance(tmp_path: Path) -> None:
    pictures = PICTURES | named("step", bridge(1, 2)[1:3])
    build_model(embedded(pictures), OPTIONS, tmp_path / "books")
    found = assigned(tmp_path / "books")
    assert list(found) == list(pictures)
    assert found["book0.jpg"] == (0, 0, "yes")
    assert found["map3.jpg"] == (1, 0, "yes")
    assert found["odd0.jpg"][::2] == (NOISE, "no")
    assert found["step0.jpg"] == (0, 0, "yes")
    assert found["step1.jpg"] == (0, pytest.approx(1 - np.cos(np.radians(22.5)), abs=1e-5), "no")


def test_exemplars_are_the_most_central_pictures(tmp_path: Path) -> None:
    pictures = named("border", bridge(1, 2)[1:2]) | named("book", blob(1, 7))
    labels = build_model(embedded(pictures), OPTIONS, tmp_path / "books").bundle.labels
    assert len(labels.exemplars[0]) == 5
    assert all(name.startswith("book") for name in labels.exemplars[0])


def test_training_twice_gives_the_same_bytes_whatever_the_order_of_the_files(
    tmp_path: Path, picture_folder: Callable[..., Path]
) -> None:
    original, copy = picture_folder(groups=3), tmp_path / "copied in another order"
    copy.mkdir()
    for path in sorted(original.iterdir(), reverse=True):
        shutil.copy(path, copy)
    options = Options("books")
    for folder, out in ((original, "one"), (copy, "two")):
        build_model(embed_pictures(find_pictures(folder), plain_embedder(), None), options, tmp_path / out / "books")
    assert contents(tmp_path / "one" / "books") == contents(tmp_path / "two" / "books")
    assert read_bundle(tmp_path / "one" / "books").version == read_bundle(tmp_path / "two" / "books").version


def test_training_with_a_cache_cold_or_warm_and_without_gives_the_same_bytes(
    tmp_path: Path, picture_folder: Callable[..., Path]
) -> None:
    folder = picture_folder()
    with closing(EmbeddingCache(OPTIONS.spec(), tmp_path / "cache.sqlite")) as cache:
        for out, with_cache in (("without", None), ("cold", cache), ("warm", cache)):
            found = embed_pictures(find_pictures(folder), plain_embedder(), with_cache)
            build_model(found, Options("books"), tmp_path / out / "books")
    assert contents(tmp_path / "without" / "books") == contents(tmp_path / "cold" / "books")
    assert contents(tmp_path / "cold" / "books") == contents(tmp_path / "warm" / "books")


def test_pictures_that_could_not_be_read_are_counted(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder()
    (folder / "broken.jpg").write_bytes(b"no picture")
    trained = build_model(embed_pictures(find_pictures(folder), plain_embedder(), None), OPTIONS, tmp_path / "books")
    assert list(trained.embedded.skipped) == ["broken.jpg"]
    assert (trained.bundle.manifest.counts.skipped, trained.bundle.manifest.counts.pictures) == (1, 9)
    assert "broken.jpg" not in assigned(tmp_path / "books")


@pytest.mark.parametrize("pooling", get_args(Pooling))
@pytest.mark.parametrize("metric", get_args(Metric))
@pytest.mark.parametrize("resize", get_args(Resize))
def test_every_embedder_and_metric_is_recorded_and_served(
    tmp_path: Path, picture_folder: Callable[..., Path], pooling: Pooling, metric: Metric, resize: Resize
) -> None:
    options = Options("books", metric=metric, pooling=pooling, resize=resize)
    embedder = plain_embedder(spec=options.spec())
    found = embed_pictures(find_pictures(picture_folder()), embedder, None)
    bundle = build_model(found, options, tmp_path / "books").bundle
    spec = bundle.manifest.embedder
    assert (spec.pooling, spec.resize, bundle.manifest.clustering.metric) == (pooling, resize, metric)
    assert bundle.arrays.vectors.shape == (bundle.manifest.counts.core_samples, 25_088 if pooling == "flatten" else 512)
    assert (bundle.manifest.counts.clusters, bundle.manifest.counts.unclustered) == (2, 1)
    clusters = {name: cluster for name, (cluster, _, _) in assigned(tmp_path / "books").items()}
    served = [found.cluster for found in Model(bundle, embedder).assign(found.vectors)]
    assert dict(zip(found.names, served, strict=True)) == clusters


@given(
    seed=st.integers(0, 2**32 - 1),
    eps=st.floats(0.005, 1.2),
    least=st.integers(1, 6),
    metric=st.sampled_from(get_args(Metric)),
    categories=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_training_and_serving_agree_on_every_picture(
    seed: int, eps: float, least: int, metric: Metric, categories: bool
) -> None:
    rng = np.random.default_rng(seed)
    steps = [bridge(*pair)[: rng.integers(1, 6)] for pair in ((1, 2), (2, 3), (4, 1))]
    blobs = [blob(centre, int(rng.integers(1, 7)), seed) for centre in range(1, 5)]
    # No two distances alike, as in life: a tie goes to the one or the other as float32 happens to be rounded.
    vectors = np.concatenate([*blobs, *steps])
    vectors = (vectors + rng.normal(size=vectors.shape) * 0.02).astype(np.float32)
    # A spread of lengths, as real embeddings have: it matters for Euclidean distances, not for the angle.
    vectors = vectors * rng.uniform(0.8, 1.2, (len(vectors), 1)).astype(np.float32)
    pictures = named("picture", vectors[rng.permutation(len(vectors))])
    each = [str(number % 2) for number in range(len(pictures))] if categories else None
    # Euclidean distances run from about 3, inside a blob, to 32, between two.
    options = Options("books", eps=eps * (20 if metric == "euclidean" else 1), min_samples=least, metric=metric)
    with TemporaryDirectory() as folder:
        try:
            found = build_model(embedded(pictures), options, Path(folder) / "books", categories=each)
        except TrainingError:
            return
        expected = assigned(Path(folder) / "books")
        model = Model(read_bundle(Path(folder) / "books"), plain_embedder())
    for name, vector, category in zip(pictures, found.embedded.vectors, each or [None] * len(vectors), strict=True):
        (alone,) = model.assign(vector[None], category)
        cluster, distance, core = expected[name]
        assert alone.cluster == cluster
        assert alone.distance == pytest.approx(distance, abs=2e-3 if metric == "euclidean" else 2e-6)
        assert core == "no" or alone.confidence == pytest.approx(1, abs=1e-3)
    if not each:
        together = [found.cluster for found in model.assign(found.embedded.vectors)]
        assert together == [cluster for cluster, _, _ in expected.values()]


def test_eps_is_chosen_where_it_is_not_given(tmp_path: Path) -> None:
    pictures = named("book", blob(1, 8)) | named("map", blob(2, 8)) | named("cat", blob(3, 8))
    trained = build_model(embedded(pictures), Options("books"), tmp_path / "books")
    assert trained.bundle.manifest.clustering.eps_chosen == "auto"
    assert trained.bundle.manifest.clustering.eps == pytest.approx(trained.choices[""].eps, rel=1e-6)
    assert trained.clusters.sizes() == [8, 8, 8]


def test_no_group_says_what_to_try(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError,
        match=r"no 3 of the 10 pictures are within eps 0\.0001 of one another: try a larger --eps, a smaller --min",
    ):
        build_model(embedded(PICTURES), Options("books", eps=1e-4), tmp_path / "books")
    assert not (tmp_path / "books").exists()


def test_too_few_pictures_say_what_to_try(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"add pictures, .* or give a smaller --min-samples"):
        build_model(embedded(named("a", blob(1, 2))), Options("books"), tmp_path / "books")


def test_a_group_as_large_as_all_pictures_is_one(tmp_path: Path) -> None:
    assert build_model(embedded(named("a", blob(1, 3))), Options("books"), tmp_path / "books").clusters.sizes() == [3]


def test_names_are_given_by_picture(tmp_path: Path) -> None:
    trained = build_model(embedded(PICTURES), OPTIONS, tmp_path / "books", given_names={"map2.jpg": ("map", "chart")})
    assert trained.bundle.labels.labels == {1: ("map", "chart")}
    assert read_bundle(tmp_path / "books").labels == trained.bundle.labels


def test_given_names_win_over_carried_ones(tmp_path: Path) -> None:
    first = build_model(
        embedded(PICTURES), OPTIONS, tmp_path / "books", given_names={"map0.jpg": ("map",), "book0.jpg": ("b",)}
    )
    again = build_model(
        embedded(PICTURES),
        OPTIONS,
        tmp_path / "books",
        given_names={"map1.jpg": ("chart",)},
        previous=Previous(first.bundle, tmp_path / "books"),
    )
    assert again.bundle.labels.labels == {0: ("b",), 1: ("chart",)}


@pytest.mark.parametrize("exemplar", ["missing.jpg", "odd0.jpg"])
def test_a_name_that_cannot_be_assigned_leaves_the_old_model_unchanged(tmp_path: Path, exemplar: str) -> None:
    build_model(embedded(PICTURES), OPTIONS, tmp_path / "books", given_names={"map0.jpg": ("map",)})
    before = contents(tmp_path / "books")
    with pytest.raises(NamesError, match=exemplar):
        build_model(embedded(PICTURES), OPTIONS, tmp_path / "books", given_names={exemplar: ("x",)})
    assert contents(tmp_path / "books") == before


@pytest.mark.parametrize("file", [CLUSTERS, ASSIGNMENTS, LABELS])
def test_a_half_replaced_bundle_is_not_served(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "books"
    build_model(embedded(PICTURES), OPTIONS, folder)
    (folder / file).unlink()
    (folder / file).mkdir()  # nothing can be written there
    with pytest.raises(OSError, match=file):
        build_model(embedded(PICTURES), Options("books", eps=2 * EPS), folder)
    with pytest.raises(BundleError, match=r"was being replaced .*: open it once where its folder can be written"):
        read_bundle(folder)
    (folder / file).rmdir()
    assert read_bundle(folder).manifest.clustering.eps == 2 * EPS
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_names_do_not_change_what_is_trained(tmp_path: Path) -> None:
    first = build_model(embedded(PICTURES), OPTIONS, tmp_path / "books").bundle
    write_labels(tmp_path / "books", first.labels.model_copy(update={"labels": {0: ("book",)}}))
    second = build_model(
        embedded(PICTURES),
        OPTIONS,
        tmp_path / "books",
        previous=Previous(read_bundle(tmp_path / "books"), tmp_path / "books"),
    ).bundle
    assert second.manifest.version == first.manifest.version
    assert second.version != first.version
