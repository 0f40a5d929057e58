from __future__ import annotations

import re
import subprocess
import sys

import numpy as np

from benchmarks.clustering import embeddings
from shared.clusters import NOISE
from training.clustering import find_clusters


def test_the_benchmark_runs_and_finds_what_scikit_learn_finds() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.clustering", "--quick"], capture_output=True, text=True, check=True
    )
    assert re.search(r"\| 5,500 half in one group .* the same: \d+ groups, \d+% noise \|", ran.stdout), ran.stdout
    assert re.search(r"\| 5,500 in groups \| \d+\.\d s \| \d+\.\d s \|  \| \d\.\d\d GB \|", ran.stdout), ran.stdout
    assert re.search(r"against 5,500 core samples: .* times one matrix product", ran.stdout), ran.stdout
    assert not ran.stderr


def test_half_of_the_points_can_be_in_one_group() -> None:
    found = find_clusters(embeddings(2_000, half_in_one=True), eps=0.25, min_samples=5, metric="cosine")
    sizes = np.array(found.sizes())
    assert 900 < sizes.max() < 1100
    assert len(sizes) > 10
    assert 0.2 < np.mean(found.labels == NOISE) < 0.5
