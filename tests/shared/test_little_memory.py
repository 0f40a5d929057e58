"""The real network where memory runs out: nothing is lost, and the embeddings are the same."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shared.embedding.backends import open_backend
from tests.conftest import PROJECT


def test_a_batch_that_memory_does_not_suffice_for_is_halved(graph: Path) -> None:
    command = [sys.executable, "-m", "tests.shared.little_memory", graph, "40"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "Failed to allocate memory" in done.stderr
    assert done.stdout.split() == ["8", "8"]


def test_other_failures_stay_what_they_are(graph: Path) -> None:
    backend = open_backend("float32", "", graph, "onnxruntime", 1)
    with pytest.raises(Exception, match="INVALID_ARGUMENT") as caught:
        backend(np.zeros((1, 1, 32, 32), dtype=np.float32))
    assert not isinstance(caught.value, MemoryError)
