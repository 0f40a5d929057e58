"""The real network where memory runs out: nothing is lost, and the embeddings are the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.mark.slow
def test_a_batch_too_large_for_memory_is_halved(graph: Path) -> None:
    command = [sys.executable, "-m", "tests.shared.embedding.little_memory", graph, "28"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "Failed to allocate memory" in done.stderr
    assert done.stdout.split() == ["8", "8"]
