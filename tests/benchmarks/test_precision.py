from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.precision import Pair, compare, measure


def test_the_same_embeddings_agree_and_shuffled_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 512))
    labels = np.repeat(["a", "b", "c", "d"], 30)
    vectors = (np.repeat(centres, 30, axis=0) + 0.3 * rng.normal(size=(120, 512))).astype(np.float32)
    calibrated = np.arange(120) % 10 == 0
    for other, expected in ((vectors, 1.0), (rng.permutation(vectors), 0.6)):
        agreements, indexes = compare(Pair(vectors, other, labels, calibrated), 1)
        (found,) = agreements
        asked, same = found.asked, found.assigned
        assert asked > 5
        float32, int8 = np.mean(indexes, axis=0)
        if expected == 1:
            assert same == found.trained == asked
            assert float32 == int8
        else:
            assert same < expected * asked
            assert int8 < expected * float32


@pytest.mark.slow
def test_the_benchmark_runs(graph: Path) -> None:
    del graph
    section = measure(quick=True)
    assert [row.target for row in section.rows] == [0.99, 0.97]
    assert all(0 <= row.found <= 1.1 for row in section.rows)
    assert [len(table.rows) for table in section.tables] == [1, 2]
