from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.embedding.embedder import Vectors
from shared.model import bounds
from shared.model.bounds import Bounds
from shared.model.core_samples import CoreSamples, Metric, comparable

_KINDS = 20
_DIMENSIONS = 16


def _core(scale: float = 1) -> tuple[Vectors, NDArray[np.int32]]:
    """Twenty kinds of 30, each with a copy of one vector at its end."""
    chance = np.random.default_rng(1)
    centres = chance.normal(size=(_KINDS, 1, _DIMENSIONS))
    vectors = centres + chance.normal(scale=0.15, size=(_KINDS, 30, _DIMENSIONS))
    vectors[:, -1] = vectors[:, 0]
    clusters = np.repeat(np.arange(_KINDS), 30).astype(np.int32)
    return (scale * vectors.reshape(-1, _DIMENSIONS)).astype(np.float32), clusters


@pytest.mark.parametrize(("metric", "scale"), [("cosine", 1), ("euclidean", 1), ("euclidean", 1e4)])
def test_one_embedding_alone_gets_the_answer_it_gets_among_many(
    metric: Metric, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, clusters = _core(scale)
    chance = np.random.default_rng(2)
    near = vectors + chance.normal(scale=0.1 * scale, size=vectors.shape)
    new = np.concatenate([vectors, near, chance.normal(scale=scale, size=(100, _DIMENSIONS))]).astype(np.float32)
    expected = CoreSamples(vectors, clusters, metric).nearest(new)
    monkeypatch.setattr(bounds, "_MANY", 100)
    core = CoreSamples(vectors, clusters, metric)
    found = [core.nearest(one[None]) for one in new]
    assert [one.clusters[0] for one in found] == expected.clusters.tolist()
    assert [one.distances[0] for one in found] == expected.distances.tolist()


def test_what_is_in_a_group_is_compared_with_few_and_a_stranger_with_all() -> None:
    vectors, clusters = _core()
    points = np.pad(comparable(vectors, "cosine"), ((0, 0), (0, 1)))
    stranger = np.eye(_DIMENSIONS + 1, dtype=np.float32)[-1]  # as far from each of them
    known = Bounds(points, clusters)
    left = known.candidates(points[40])
    assert left is not None
    assert 40 in left
    assert len(left) < 0.25 * len(points)
    assert known.candidates(stranger) is None


def test_one_group_of_all_is_compared_whole() -> None:
    points = comparable(_core()[0], "cosine")
    assert Bounds(points, np.zeros(len(points), dtype=np.int32)).candidates(points[0]) is None


def test_small_models_and_those_of_small_groups_do_without() -> None:
    assert not Bounds.worthwhile(np.zeros(9_999, dtype=np.int32))
    assert Bounds.worthwhile(np.zeros(10_000, dtype=np.int32))
    assert not Bounds.worthwhile(np.arange(10_000, dtype=np.int32) // 8)
