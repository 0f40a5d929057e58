"""The sample pictures: small, and told apart by VGG16 and DBSCAN, not by their colours."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score, pairwise_distances

from shared.embedding.embedder import Embedder, Vectors
from shared.model.core_samples import NOISE, CoreSamples
from tests.conftest import PROJECT
from training.clustering.clusters import find_groups
from training.model.options import Options

DATA = PROJECT / "data"
KINDS = ("book_shelf", "closed_book", "open_book")
MIN_SAMPLES = 3


def pictures(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jpg"))


def kinds(paths: list[Path]) -> NDArray[np.int32]:
    """The kind in each picture's name; odd ones are noise, shape (n,)."""
    names = [path.stem.rpartition("_")[0] for path in paths]
    return np.array([KINDS.index(name) if name in KINDS else NOISE for name in names], dtype=np.int32)


def embeddings(paths: list[Path], embedder: Embedder) -> Vectors:
    return embedder.embed([embedder.picture(path.read_bytes()) for path in paths])


def histograms(paths: list[Path], space: str) -> NDArray[np.float64]:
    """Share of the pixels in each of 8 x 8 x 8 boxes of the colour space, shape (n, 512)."""
    rows: list[NDArray[np.float64]] = []
    for path in paths:
        with Image.open(path) as opened:
            pixels = np.asarray(opened.convert(space)).reshape(-1, 3)
        boxes = (pixels // 32).astype(np.intp) @ np.array([64, 8, 1])
        rows.append(np.bincount(boxes, minlength=512) / len(pixels))
    return np.array(rows)


def best_index(vectors: NDArray[np.float64], metric: str, truth: NDArray[np.int32]) -> float:
    """The best adjusted Rand index that DBSCAN reaches at any eps."""
    distances = np.maximum(pairwise_distances(vectors, metric=metric), 0)
    found = (
        DBSCAN(eps=eps, min_samples=MIN_SAMPLES, metric="precomputed").fit_predict(distances)
        for eps in np.unique(distances[distances > 0])
    )
    return max(adjusted_rand_score(truth, labels) for labels in found)


def test_there_are_enough_pictures_of_each_kind() -> None:
    train, test = kinds(pictures(DATA / "train")), kinds(pictures(DATA / "test"))
    for kind in range(len(KINDS)):
        assert (train == kind).sum() >= 12
        assert (test == kind).sum() == 4
    assert (train == NOISE).sum() >= 4
    assert (test == NOISE).sum() >= 3


def test_pictures_are_small_enough_to_commit() -> None:
    sizes = [path.stat().st_size for path in pictures(DATA / "train") + pictures(DATA / "test")]
    assert max(sizes) < 100_000
    assert sum(sizes) < 5_000_000


@pytest.mark.slow  # a thousand times DBSCAN for each case, on pictures that never change
@pytest.mark.parametrize("space", ["RGB", "HSV"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
def test_colours_alone_do_not_tell_the_kinds_apart(space: str, metric: str) -> None:
    paths = pictures(DATA / "train")
    assert best_index(histograms(paths, space), metric, kinds(paths)) < 0.6


@pytest.mark.slow
def test_embeddings_tell_the_kinds_apart_and_leave_odd_pictures_out(embedder: Embedder) -> None:
    paths = pictures(DATA / "train")
    truth, vectors = kinds(paths), embeddings(paths, embedder)
    found = find_groups(vectors, Options("books", pooling=embedder.spec.pooling).parameters()).clusters
    assert found.count == 3
    assert adjusted_rand_score(truth, found.labels) > 0.95
    assert (found.labels[truth == NOISE] == NOISE).all()

    tests = pictures(DATA / "test")
    # Clusters are numbered by the program; their members' names say what they are.
    core = CoreSamples(vectors[found.core], truth[found.core], "cosine")
    nearest = core.nearest(embeddings(tests, embedder))
    radius = {int(truth[found.labels == one][0]): found.radius[one] for one in range(found.count)}
    limit = np.array([radius[kind] for kind in nearest.clusters.tolist()])
    assert nearest.within(limit).tolist() == kinds(tests).tolist()
