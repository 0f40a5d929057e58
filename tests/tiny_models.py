"""Models in miniature: a graph of 9 KB where VGG16's has 59 MB, and bundles that go with it.

For tests about files, stores and versions, where the numbers in an embedding don't matter.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shared.digests import sha256
from shared.embedding.embedder import EmbedderSpec
from shared.embedding.vgg16 import CHANNELS, STRIDE, WEIGHTS_SHA256
from shared.files import write_atomically
from shared.model.bundle import Bundle, Labels
from shared.stores.graphs import graph_path
from tests.bundles import make_bundle

INPUT = 64


@cache
def tiny_graph(seed: int = 0, megabytes: int = 0) -> bytes:
    """The greatest values of 32 x 32 pixels, mixed into 512 channels: shapes as VGG16's convolution base has them.

    A negative seed gives nothing but NaN. `megabytes` of ballast make it as slow to move as one likes.
    """
    rng = np.random.default_rng(abs(seed))
    kernel = rng.normal(size=(CHANNELS, 3, 1, 1)).astype(np.float32)
    if seed < 0:
        kernel[:] = np.nan
    ballast = [numpy_helper.from_array(rng.integers(0, 256, megabytes << 20, np.uint8), "ballast")] if megabytes else []
    graph = helper.make_graph(
        [
            helper.make_node(
                "MaxPool", ["pictures"], ["cells"], kernel_shape=[STRIDE, STRIDE], strides=[STRIDE, STRIDE]
            ),
            helper.make_node("Conv", ["cells", "kernel"], ["features"], kernel_shape=[1, 1]),
        ],
        "tiny",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, "height", "width"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", CHANNELS, "rows", "columns"])],
        [numpy_helper.from_array(kernel, "kernel"), *ballast],
    )
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString(deterministic=True)


def tiny_model(
    models: Path,
    name: str = "books",
    *,
    seed: int = 0,
    names: str = "open book",
    graph: int = 0,
    megabytes: int = 0,
) -> Bundle:
    """Write a working bundle and its graph into a folder of models.

    Another `seed` makes another model, another `graph` another embedder, other `names` only another version.
    """
    content = tiny_graph(graph, megabytes)
    spec = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=sha256(content), input=INPUT)
    path = graph_path(models, spec.graph_sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    vectors = np.random.default_rng(seed).normal(size=(4, spec.dimensions)).astype(np.float32)
    return make_bundle(models / name, vectors, [0, 0, 1, 1], Labels(labels={0: (names,), 1: ("bookshelf",)}), spec=spec)
