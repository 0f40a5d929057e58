import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances

from shared.model.core_samples import NOISE, CoreSamples, Metric

seeds = st.integers(0, 2**32 - 1)
METRICS: list[Metric] = ["cosine", "euclidean"]


def random(seed: int, count: int, dimensions: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=seeds, core=st.integers(1, 60), new=st.integers(0, 20))
@settings(max_examples=50)
def test_nearest_agrees_with_scikit_learn(metric: Metric, seed: int, core: int, new: int) -> None:
    vectors, targets = random(seed, core), random(seed + 1, new)
    clusters = np.random.default_rng(seed).integers(0, 5, core).astype(np.int32)
    nearest = CoreSamples(vectors, clusters, metric).nearest(targets)
    if not new:
        assert nearest.distances.shape == (0,)
        return
    expected = pairwise_distances(targets.astype(float), vectors.astype(float), metric=metric)
    assert nearest.distances == pytest.approx(expected.min(axis=1), abs=2e-6)
    runners_up = expected[np.arange(new)[:, None], np.flatnonzero(clusters >= 0)]
    chosen = np.where(clusters[None, :] == nearest.clusters[:, None], runners_up, np.inf).min(axis=1)
    assert chosen == pytest.approx(expected.min(axis=1), abs=2e-6)


def test_single_equals_batch_equals_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    core = CoreSamples(random(0, 500), np.arange(500, dtype=np.int32), "cosine")
    targets = random(1, 40)
    batch = core.nearest(targets)
    singles = [core.nearest(target[None]) for target in targets]
    monkeypatch.setattr("shared.model.core_samples._BLOCK", 7)
    blocks = core.nearest(targets)
    assert batch.clusters.tolist() == [int(each.clusters[0]) for each in singles] == blocks.clusters.tolist()
    assert batch.distances == pytest.approx(np.concatenate([each.distances for each in singles]), abs=1e-7)
    assert batch.distances == pytest.approx(blocks.distances, abs=1e-7)


@pytest.mark.parametrize("metric", METRICS)
def test_a_core_sample_is_at_distance_zero_from_itself(metric: Metric) -> None:
    vectors = random(3, 200) * 1000
    nearest = CoreSamples(vectors, np.arange(200, dtype=np.int32), metric).nearest(vectors)
    assert nearest.clusters.tolist() == list(range(200))
    assert nearest.distances.max() == 0


def test_within_is_inclusive_and_takes_a_limit_for_each() -> None:
    core = CoreSamples(np.array([[0.0], [10.0]], dtype=np.float32), np.array([0, 1], dtype=np.int32), "euclidean")
    nearest = core.nearest(np.array([[1.0], [2.0], [9.0]], dtype=np.float32))
    assert nearest.within(1.0).tolist() == [0, NOISE, 1]
    assert nearest.within(np.array([0.5, 2.0, 1.0], dtype=np.float32)).tolist() == [NOISE, 0, 1]


def test_among_admits_only_some() -> None:
    core = CoreSamples(np.array([[0.0], [10.0]], dtype=np.float32), np.array([0, 1], dtype=np.int32), "euclidean")
    target = np.array([[1.0]], dtype=np.float32)
    assert core.nearest(target, np.array([False, True])).clusters.tolist() == [1]
    nothing = core.nearest(target, np.array([False, False]))
    assert nothing.clusters.tolist() == [NOISE]
    assert np.isinf(nothing.distances).all()


def test_no_core_samples_at_all() -> None:
    core = CoreSamples(np.empty((0, 4), dtype=np.float32), np.empty(0, dtype=np.int32), "cosine")
    assert core.nearest(random(0, 3, 4)).within(1).tolist() == [NOISE] * 3


def test_each_core_sample_needs_a_cluster() -> None:
    with pytest.raises(ValueError, match="2 core samples with 1 cluster ids"):
        CoreSamples(random(0, 2), np.zeros(1, dtype=np.int32), "cosine")
