"""Building an ONNX file node by node, from "pictures" (n, 3, h, w) to "features" (n, 512, h / 32, w / 32).

The same nodes and tensors give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from shared.embedding import vgg16

INPUT, OUTPUT = "pictures", "features"

# Written into the file, so that it is the same to the byte whichever onnx release writes it.
_IR_VERSION = 9
_OPSET = 18

type Attribute = int | list[int]


class OnnxGraph:
    """A graph that grows; values and tensors are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[TensorProto] = []

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        """Add one node; returns the name of its output."""
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        self._nodes.append(node)
        return output

    def tensor(self, name: str, value: ArrayLike) -> str:
        """Add a constant; returns its name."""
        array = np.asarray(value)
        # ascontiguousarray alone would make a vector of a number.
        self._tensors.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name

    def weights(self, layer: vgg16.ConvLayer, tensors: vgg16.Tensors) -> tuple[str, str]:
        """The names of a layer's stored kernel, (out, in, height, width) as ONNX wants it, and bias."""
        kernel, bias = tensors[layer.name]
        return (
            self.tensor(f"{layer.name}/kernel", kernel.transpose(3, 2, 0, 1)),
            self.tensor(f"{layer.name}/bias", bias),
        )

    def convolve(self, value: str, layer: vgg16.ConvLayer, tensors: vgg16.Tensors) -> str:
        """Add a convolution and its ReLU ("<layer>/relu"), stride 1, padded with zeros."""
        inputs = [value, *self.weights(layer, tensors)]
        self.node("Conv", inputs, layer.name, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        return self.node("Relu", [layer.name], f"{layer.name}/relu")

    def max_pool(self, value: str, block: int) -> str:
        """End a block of VGG16 (counted from 1) with its pooling; the last one's is the graph's output."""
        pooled = OUTPUT if block == len(vgg16.BLOCKS) else f"block{block}_pool"
        return self.node("MaxPool", [value], pooled, kernel_shape=[2, 2], strides=[2, 2])

    def serialize(self) -> bytes:
        graph = helper.make_graph(
            self._nodes,
            "vgg16",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", 3, "height", "width"])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", vgg16.CHANNELS, "rows", "columns"])],
            self._tensors,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="vgg16")
        model.ir_version = _IR_VERSION
        return model.SerializeToString(deterministic=True)
