"""The float32 serving graph: VGG16's convolution base as an ONNX file, written from the tensors.

ONNX Runtime opens the file itself; shared/embedding/graph.py reads the tensors back.
"""

from __future__ import annotations

from collections.abc import Collection

from shared.embedding import vgg16
from training.network.onnx_graph import INPUT, OnnxGraph
from training.network.winograd import convolve

WINOGRAD_BLOCKS = (3,)
"""Blocks of VGG16, counted from 1, whose convolutions are Winograd's.

Block 3 alone takes 13 % off the time of a picture, and 18 MB. Block 4 as well would take another 5 % off, but 71 MB for
its transformed kernels. Blocks 1 and 2 gain nothing: with few channels the transforms cost what the products save.
"""


def graph_bytes(tensors: vgg16.Tensors, winograd: Collection[int] = WINOGRAD_BLOCKS) -> bytes:
    """Serialize the convolution base: input "pictures" (n, 3, h, w), output "features" (n, 512, h / 32, w / 32).

    The same tensors give the same bytes.
    """
    graph = OnnxGraph()
    layers = iter(vgg16.LAYERS)
    value = INPUT
    for block, widths in enumerate(vgg16.BLOCKS, start=1):
        some = [next(layers) for _ in widths]
        if block in winograd:
            value = convolve(graph, f"block{block}", value, some, tensors)
        else:
            for layer in some:
                value = graph.convolve(value, layer, tensors)
        value = graph.max_pool(value, block)
    return graph.serialize()
