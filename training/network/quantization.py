"""VGG16's convolution base in int8: calibrated on sample pictures, written as an ONNX graph like the float32 one.

Kernels are int8 with a scale for each output channel, activations uint8 with a scale for each layer: after a ReLU
nothing is negative, so zero stands for zero. The last convolution stays float32, for its outputs are the embedding:
in uint8 they lose what the calibration's pictures did not light up, and other kinds get cosines of 0.97 to float32.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper

from shared.embedding import vgg16
from shared.embedding.graph import read_tensors
from training.network.onnx_graph import INPUT, Attribute, OnnxGraph

# A processor without VNNI adds two products of a uint8 and an int8 in 16 bits, which saturate: 2 * 255 * 127 is beyond
# 32,767. So no two weights that may meet there add up to more than this, 255 * 128 = 32,640. They are of the same
# place, output channel and four input channels, for ONNX Runtime takes these in fours. That is more than half of what
# int8 holds, for the greatest weights are seldom neighbours: 100 steps instead of 64, as the median. Steps up to 127
# for all would take ONNX Runtime's session.x64quantprecision to be right everywhere, and that makes int8 as slow as
# float32 (255 ms of processor time instead of 72), with VNNI, too.
LARGEST_SUM = 128
_LARGEST_WEIGHT = 127
_LARGEST_ACTIVATION = 255

# Input channels that ONNX Runtime's fast int8 convolutions take at once: 8 ms instead of 20 for the first layer.
_TOGETHER = 4

type Scales = Mapping[str, float]
"""Layer name to what one step of its activations, 0 to 255, is worth."""


def quantize(graph: Path, batches: Iterable[NDArray[np.float32]]) -> bytes:
    """The int8 counterpart of a float32 graph, with the same input and output.

    It is calibrated on batches of preprocessed pictures (n, 3, height, width), at least one. The same pictures give the
    same bytes, whatever their order and batches.
    """
    return int8_graph_bytes(read_tensors(graph), activation_scales(graph, batches))


def activation_scales(graph: Path, batches: Iterable[NDArray[np.float32]]) -> Scales:
    """Scales that hold the greatest activation of each quantized layer over all pictures.

    Percentiles, or the scales of least squared error, cut off what pictures of other kinds light up: on stamps, by a
    model calibrated on drawings, the least cosine to float32 is 0.993 with the latter and 0.998 with the greatest.
    """
    model = onnx.load(graph)
    greatest = {layer.name: f"{layer.name}/greatest" for layer in vgg16.LAYERS[:-1]}
    for layer, name in greatest.items():
        model.graph.node.append(helper.make_node("ReduceMax", [f"{layer}/relu"], [name], keepdims=0))
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, []))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = np.max([np.array(session.run([*greatest.values()], {INPUT: batch})) for batch in batches], axis=0)
    # In half precision: a processor that rounds float32's last bits another way should give the same graph.
    return {layer: float(np.float16(value / _LARGEST_ACTIVATION)) for layer, value in zip(greatest, found, strict=True)}


def int8_graph_bytes(tensors: vgg16.Tensors, scales: Scales) -> bytes:
    """Serialize the int8 graph. The same tensors and scales give the same bytes."""
    chain = _Chain()
    chain.restore_pixels()
    layers = iter(vgg16.LAYERS)
    for block, widths in enumerate(vgg16.BLOCKS, start=1):
        for _ in widths:
            layer = next(layers)
            if layer is vgg16.LAYERS[-1]:
                chain.convolve_in_float32(layer, tensors)
            else:
                kernel, bias = tensors[layer.name]
                chain.convolve(layer.name, kernel.transpose(3, 2, 0, 1), bias, scales[layer.name])
        chain.pool(block)
    return chain.graph.serialize()


class _Chain:
    """A graph that grows at its end, where the value is `scale` times the uint8 that stands for it."""

    def __init__(self) -> None:
        self.graph = OnnxGraph()
        self._end = INPUT
        self._scale = 1.0
        self._scale_name = self.graph.tensor("pictures/scale", np.float32(1))
        self._zero = self.graph.tensor("zero", np.uint8(0))
        self._padding = 1

    def pool(self, block: int) -> None:
        self._end = self.graph.max_pool(self._end, block)

    def restore_pixels(self) -> None:
        """Make whole numbers of the pictures again by adding the means: as uint8 with a scale of 1 they are exact.

        The first convolution's padding comes before, since zero means ImageNet's mean there.
        """
        extra = _TOGETHER - len(vgg16.BGR_MEANS)
        border = np.array([0, 0, 1, 1, 0, extra, 1, 1])
        means = np.array([*vgg16.BGR_MEANS, *[0] * extra], dtype=np.float32).reshape(-1, 1, 1)
        self._then("Pad", [self.graph.tensor("pictures/border", border)], "pictures/padded")
        self._then("Add", [self.graph.tensor("pictures/means", means)], "pictures/pixels")
        self._then("QuantizeLinear", [self._scale_name, self._zero], "pictures/uint8")
        self._padding = 0

    def convolve(self, layer: str, kernel: NDArray[np.float32], bias: NDArray[np.float32], scale: float) -> None:
        """A convolution (out, in, height, width) and its ReLU, for what is below zero ends at uint8's zero."""
        channels = kernel.shape[1]
        kernel = np.pad(kernel, [(0, 0), (0, -channels % _TOGETHER), (0, 0), (0, 0)])
        steps = _steps(kernel)
        quantized = np.rint(kernel / steps.reshape(-1, 1, 1, 1)).astype(np.int8)
        offset = bias.astype(np.float64)
        if channels == len(vgg16.BGR_MEANS):
            offset -= np.tensordot(quantized[:, :channels].sum(axis=(2, 3)), vgg16.BGR_MEANS, 1) * steps
        inputs = [
            self._scale_name,
            self._zero,
            self.graph.tensor(f"{layer}/kernel", quantized),
            self.graph.tensor(f"{layer}/steps", steps),
            self.graph.tensor(f"{layer}/zeros", np.zeros(len(steps), dtype=np.int8)),
            self.graph.tensor(f"{layer}/scale", np.float32(scale)),
            self._zero,
            self.graph.tensor(f"{layer}/bias", np.rint(offset / (self._scale * steps)).astype(np.int32)),
        ]
        self._then("QLinearConv", inputs, f"{layer}/relu", kernel_shape=[3, 3], pads=[self._padding] * 4)
        self._scale, self._scale_name, self._padding = scale, f"{layer}/scale", 1

    def convolve_in_float32(self, layer: vgg16.ConvLayer, tensors: vgg16.Tensors) -> None:
        self._then("DequantizeLinear", [self._scale_name, self._zero], f"{layer.name}/float32")
        self._end = self.graph.convolve(self._end, layer, tensors)

    def _then(self, operator: str, inputs: list[str], output: str, **attributes: Attribute) -> None:
        self._end = self.graph.node(operator, [self._end, *inputs], output, **attributes)


def _steps(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """What one step of each output channel's weights is worth: as little as weights and their sums can do with."""
    together = kernel.reshape(len(kernel), -1, _TOGETHER, *kernel.shape[2:])
    sums = [np.sort(np.maximum(sign * together, 0), axis=2)[:, :, -2:].sum(axis=2) for sign in (1, -1)]
    # One less, for both of two weights may be rounded up.
    greatest = np.maximum(np.abs(together).max(axis=2) / _LARGEST_WEIGHT, np.maximum(*sums) / (LARGEST_SUM - 1))
    return greatest.max(axis=(1, 2, 3)).astype(np.float32)
