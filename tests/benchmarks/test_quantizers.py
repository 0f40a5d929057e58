"""Every quantizer that is compared makes a graph with embeddings like float32's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quantizers import QUANTIZERS, open_quantized
from shared.embedding.embedder import open_embedder, preprocess
from tests.conftest import PROJECT
from training.model.options import Options


@pytest.mark.slow
@pytest.mark.parametrize("name", QUANTIZERS)
def test_its_embeddings_are_like_float32_s(name: str, graph: Path) -> None:
    float32 = open_embedder(Options("float32").spec(), graph)
    picture = float32.picture((PROJECT / "data" / "train" / "open_book_01.jpg").read_bytes())
    int8 = open_quantized(QUANTIZERS[name](graph, [preprocess([picture])]))
    a, b = float32.embed([picture])[0], int8.embed([picture])[0]
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.97
