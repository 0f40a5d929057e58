"""New kinds among blobs are all found, and nothing that was there changes."""

import numpy as np

from benchmarks.stream import line, stream
from tests.training.model.blobs import blob


def test_finds_the_kinds_that_come_after_training() -> None:
    vectors = np.concatenate([blob(kind, 20) for kind in range(4)])
    labels = np.repeat(np.array(["a", "b", "c", "d"]), 20)
    streamed = stream(vectors, labels, seed=0)
    assert (streamed.kinds, streamed.found, streamed.found_at_once, streamed.changed) == (1, 1, 1, 0)
    assert streamed.index > 0.9 * streamed.index_at_once
    assert line("blobs", [streamed]).startswith("| blobs | 1 | 1 | 1 |")
