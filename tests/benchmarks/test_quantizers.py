"""Every quantizer that is compared makes a graph that serving opens, with embeddings like float32's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quantizers import QUANTIZERS, open_quantized
from shared.embedding.embedder import Embedder, preprocess
from tests.conftest import PROJECT


@pytest.mark.slow
@pytest.mark.parametrize("name", QUANTIZERS)
def test_its_embeddings_are_like_float32_s(name: str, embedder: Embedder, graph: Path, tmp_path: Path) -> None:
    picture = embedder.picture((PROJECT / "data" / "train" / "open_book_01.jpg").read_bytes())
    int8 = open_quantized(QUANTIZERS[name](graph, [preprocess([picture])]), tmp_path)
    a, b = embedder.embed([picture])[0], int8.embed([picture])[0]
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.97
