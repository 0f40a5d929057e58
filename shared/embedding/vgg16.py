"""VGG16's convolution base: its layers, its 26 tensors, and the digest that verifies them.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014. The ImageNet weights
are published by the Visual Geometry Group, Oxford, under CC BY 4.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.errors import UserError

type Tensors = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Layer name to (kernel of shape (height, width, in, out), bias of shape (out,))."""

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Output channels of each 3 x 3 convolution; a 2 x 2 max pooling of stride 2 ends every block."""

CHANNELS = BLOCKS[-1][-1]
STRIDE = 2 ** len(BLOCKS)

BGR_MEANS = (103.939, 116.779, 123.68)
"""ImageNet's channel means, subtracted after reordering RGB to BGR ("caffe" preprocessing)."""

WEIGHTS_SHA256 = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"
"""Digest of the ImageNet tensors, as `digest` computes it. Wherever they came from, this is what verifies them."""


@dataclass(frozen=True, slots=True)
class ConvLayer:
    name: str
    inputs: int
    outputs: int

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        return (3, 3, self.inputs, self.outputs)


def _layers() -> tuple[ConvLayer, ...]:
    layers: list[ConvLayer] = []
    inputs = 3
    for block, widths in enumerate(BLOCKS, start=1):
        for position, outputs in enumerate(widths, start=1):
            layers.append(ConvLayer(f"block{block}_conv{position}", inputs, outputs))
            inputs = outputs
    return tuple(layers)


LAYERS = _layers()
"""The 13 convolutions in order, under the names Keras gives them."""


class WeightsError(UserError):
    """These tensors are not VGG16's ImageNet weights."""


def digest(tensors: Tensors) -> str:
    """SHA-256 of all tensors in layer order, each kernel then its bias, as little-endian float32 bytes.

    Raises WeightsError when a layer is missing or has another shape.
    """
    sha = hashlib.sha256()
    for layer in LAYERS:
        if layer.name not in tensors:
            raise WeightsError(f"layer {layer.name} is missing")
        kernel, bias = tensors[layer.name]
        if kernel.shape != layer.kernel_shape or bias.shape != (layer.outputs,):
            raise WeightsError(
                f"layer {layer.name} has a kernel of shape {kernel.shape} and a bias of shape {bias.shape}, "
                f"not {layer.kernel_shape} and {(layer.outputs,)}"
            )
        for tensor in (kernel, bias):
            sha.update(np.ascontiguousarray(tensor, dtype="<f4").tobytes())
    return sha.hexdigest()


def verify(tensors: Tensors) -> None:
    """Raise WeightsError unless these are the ImageNet tensors, to the bit."""
    found = digest(tensors)
    if found != WEIGHTS_SHA256:
        raise WeightsError(f"the tensors' SHA-256 is {found}, not {WEIGHTS_SHA256}: these are other weights")
