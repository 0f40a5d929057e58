"""The exported graph: the same numbers as by the plain convolutions, from the same tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shared.embedding.backends import open_backend
from shared.embedding.graph import read_tensors
from shared.embedding.vgg16 import WEIGHTS_SHA256
from training.network.float32_graph import graph_bytes


def test_it_computes_what_the_plain_convolutions_compute(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.onnx").write_bytes(graph_bytes(read_tensors(graph), winograd=()))
    random = np.random.default_rng(0)
    for size in (32, 84, 240):  # 84: tiles that reach beyond the picture
        pictures = random.normal(0, 60, (2, 3, size, size)).astype(np.float32)
        exported, plain = (
            open_backend("float32", WEIGHTS_SHA256, path, "onnxruntime")(pictures)
            for path in (graph, tmp_path / "plain.onnx")
        )
        assert np.abs(exported - plain).max() < 1e-5 * plain.max()
