from __future__ import annotations

import numpy as np
import pytest

from benchmarks.clustering import embeddings, measure
from shared.model.core_samples import NOISE
from training.clustering.clusters import Parameters, find_groups


@pytest.mark.slow
def test_the_benchmark_runs() -> None:
    rows = {row.what: row for row in measure(quick=True).rows}
    assert rows["Groups of 5,500 x 512, parameters chosen"].found > 0
    assert rows["Groups of 6,000 x 512, half in one group: memory"].met
    assert "32 new embeddings against 5,500 core samples" in rows


def test_half_of_the_points_can_be_in_one_group() -> None:
    found = find_groups(embeddings(2_000, half_in_one=True), Parameters(eps=0.25, min_samples=5)).clusters
    sizes = np.array(found.sizes())
    assert 900 < sizes.max() < 1100
    assert len(sizes) > 10
    assert 0.2 < np.mean(found.labels == NOISE) < 0.5
