from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from shared.embedding.embedder import Vectors
from shared.model import core_samples, shortlist
from shared.model.core_samples import CoreSamples, Metric, comparable
from shared.model.shortlist import Shortlist

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


def _asked(vectors: Vectors, scale: float = 1) -> Vectors:
    """The core samples themselves, others near them, and strangers."""
    chance = np.random.default_rng(2)
    near = vectors + chance.normal(scale=0.1 * scale, size=vectors.shape)
    strangers = chance.normal(scale=scale, size=(100, _DIMENSIONS))
    return np.concatenate([vectors, near, strangers]).astype(np.float32)


@pytest.mark.parametrize(("metric", "scale"), [("cosine", 1), ("euclidean", 1), ("euclidean", 1e4)])
def test_answers_are_those_of_comparing_with_all(metric: Metric, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, clusters = _core(scale)
    new, some = _asked(vectors, scale), clusters % 3 == 0
    exact = CoreSamples(vectors, clusters, metric)
    monkeypatch.setattr(core_samples, "WORTHWHILE", 100)
    core = CoreSamples(vectors, clusters, metric)
    for among in (None, some):
        expected = exact.nearest(new, among)
        found = [core.nearest(new[start : start + 50], among) for start in range(0, len(new), 50)]
        assert np.concatenate([one.clusters for one in found]).tolist() == expected.clusters.tolist()
        assert np.concatenate([one.distances for one in found]).tolist() == expected.distances.tolist()


def test_one_embedding_alone_gets_the_answer_it_gets_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_samples, "WORTHWHILE", 100)
    monkeypatch.setattr(shortlist, "_BLOCK", 10_000)
    vectors, clusters = _core()
    core, new = CoreSamples(vectors, clusters, "cosine"), _asked(vectors)
    together, alone = core.nearest(new), [core.nearest(one[None]) for one in new]
    assert [one.clusters[0] for one in alone] == together.clusters.tolist()
    assert [one.distances[0] for one in alone] == together.distances.tolist()


@pytest.mark.parametrize("offset", [0, 100])
def test_the_nearest_one_is_on_a_short_list(offset: float) -> None:
    """Far from the origin, too: the mean of the core samples is taken off before anything is rounded."""
    vectors = comparable(_core()[0] + np.float32(offset), "euclidean")
    new = _asked(_core()[0]) + np.float32(offset)
    lists = list(Shortlist(vectors).of(new))
    for one, rows in zip(new, lists, strict=True):
        assert np.square(vectors.astype(np.float64) - one).sum(axis=1).argmin() in rows
    assert np.mean([len(rows) for rows in lists]) < 0.1 * len(vectors)


def test_zeros_and_equal_vectors_are_all_listed() -> None:
    equal = np.ones((50, 4), dtype=np.float32)
    (rows,) = Shortlist(equal).of(np.zeros((1, 4), dtype=np.float32))
    assert rows.tolist() == list(range(50))


def test_the_graph_is_what_onnx_would_write() -> None:
    a, b, y = (
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ("a", TensorProto.UINT8, ["t", "d"]),
            ("b", TensorProto.INT8, ["d", "n"]),
            ("y", TensorProto.INT32, ["t", "n"]),
        )
    )
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["a", "b"], ["y"])], "products", [a, b], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    assert model.SerializeToString(deterministic=True) == shortlist.GRAPH


def test_the_first_of_many_copies_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_samples, "WORTHWHILE", 100)
    vectors = np.concatenate([np.eye(4), np.ones((200, 4))]).astype(np.float32)
    core = CoreSamples(vectors, np.arange(204, dtype=np.int32), "euclidean")
    assert core.nearest(np.ones((1, 4), dtype=np.float32)).clusters.tolist() == [4]
