"""The serving graph: VGG16's convolution base as an ONNX file, written from tensors and read back into them.

Needs the onnx package, so only training and the TensorFlow backend import this; ONNX Runtime opens the file itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from shared import vgg16

# Written into the file, so that it is the same to the byte whichever onnx release writes it.
_IR_VERSION = 9
_OPSET = 18


def graph_bytes(tensors: vgg16.Tensors) -> bytes:
    """Serialize the convolution base: input "pictures" (n, 3, h, w), output "features" (n, 512, h / 32, w / 32).

    The same tensors give the same bytes. Kernels are stored as ONNX wants them, (out, in, height, width).
    """
    nodes: list[onnx.NodeProto] = []
    initializers: list[TensorProto] = []
    layers = iter(vgg16.LAYERS)
    value = "pictures"
    for block, widths in enumerate(vgg16.BLOCKS, start=1):
        for _ in widths:
            layer = next(layers)
            kernel, bias = tensors[layer.name]
            names = [f"{layer.name}/kernel", f"{layer.name}/bias"]
            initializers += [
                numpy_helper.from_array(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), names[0]),
                numpy_helper.from_array(bias, names[1]),
            ]
            nodes += [
                helper.make_node("Conv", [value, *names], [layer.name], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
                helper.make_node("Relu", [layer.name], [f"{layer.name}/relu"]),
            ]
            value = f"{layer.name}/relu"
        pooled = "features" if block == len(vgg16.BLOCKS) else f"block{block}_pool"
        nodes.append(helper.make_node("MaxPool", [value], [pooled], kernel_shape=[2, 2], strides=[2, 2]))
        value = pooled
    return serialize(nodes, initializers)


def serialize(nodes: Sequence[onnx.NodeProto], initializers: Sequence[TensorProto]) -> bytes:
    """The bytes of a graph from "pictures" to "features", the same for the same nodes and tensors."""
    graph = helper.make_graph(
        nodes,
        "vgg16",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, "height", "width"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", vgg16.CHANNELS, "rows", "columns"])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="vgg16")
    model.ir_version = _IR_VERSION
    return model.SerializeToString(deterministic=True)


def read_tensors(path: Path) -> vgg16.Tensors:
    """The tensors of a graph that graph_bytes wrote, kernels back in (height, width, in, out)."""
    arrays = {item.name: numpy_helper.to_array(item) for item in onnx.load(path).graph.initializer}
    return {layer.name: _pair(arrays, layer.name) for layer in vgg16.LAYERS}


def _pair(arrays: dict[str, NDArray[np.float32]], layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    try:
        return arrays[f"{layer}/kernel"].transpose(2, 3, 1, 0), arrays[f"{layer}/bias"]
    except KeyError as error:
        raise vgg16.WeightsError(f"the graph has no tensor {error}") from None
