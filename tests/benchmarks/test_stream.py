"""New kinds among blobs are all found, and nothing that was there changes."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stream import line, stream
from tests.training.model.blobs import blob


@pytest.mark.parametrize(("mixed", "left"), [(False, False), (True, True)])
def test_finds_the_kinds_that_come_after_training(*, mixed: bool, left: bool) -> None:
    vectors = np.concatenate([blob(kind, 20) for kind in range(4)])
    labels = np.repeat(np.array(["a", "b", "c", "d"]), 20)
    streamed = stream(vectors, labels, seed=0, mixed=mixed, left=left)
    for outcome in (streamed.updated, streamed.discovered):
        assert (outcome.found, outcome.changed, outcome.of_known, outcome.purity) == (1, 0, 0, 1)
    assert (streamed.kinds, streamed.at_once.found) == (1, 1)
    assert streamed.updated.index > 0.9 * streamed.at_once.index
    assert streamed.discovered.covered > 0.7


def test_the_table_has_the_figures_of_both_ways() -> None:
    vectors = np.concatenate([blob(kind, 20) for kind in range(4)])
    streamed = stream(vectors, np.repeat(np.array(["a", "b", "c", "d"]), 20), seed=0)
    moved = replace(streamed, updated=replace(streamed.updated, found=0, changed=3))
    cells = line("blobs", [streamed, moved]).split(" | ")
    assert (cells[:4], cells[10]) == (["| blobs", "2", "1", "2"], "3")
