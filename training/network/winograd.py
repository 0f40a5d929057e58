"""3 x 3 convolutions by Winograd's F(4 x 4, 3 x 3), written in ordinary ONNX nodes.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: the output is cut into tiles of 4 x 4, each
computed from a patch of 6 x 6. Patches are transformed (B), multiplied place by place with the transformed kernel (G),
summed over the channels, and transformed back (A): 36 multiplications where the definition takes 144. With many
channels the sums are nearly all of the work, and they are one matrix product for each of the 36 places.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.embedding import vgg16
from training.network.onnx_graph import Attribute, OnnxGraph

_TILE, _PATCH = 4, 6

_BORDER = (1, _TILE)
"""Zeros above and left, and below and right: one for the convolution, the rest for tiles that reach out."""

# Interpolation at 0, 1, -1, 2, -2 and infinity.
_B = [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
]
_G = [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
]
_A = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]


def convolve(graph: OnnxGraph, name: str, value: str, layers: Sequence[vgg16.ConvLayer], tensors: vgg16.Tensors) -> str:
    """Add a run of VGG16's convolutions, each with its ReLU ("<layer>/relu"), for pictures of any size.

    Takes and returns the name of a value of shape (n, channels, height, width). Names of its nodes begin with `name`.
    """
    return _Run(graph, name).add(value, layers, tensors)


class _Run:
    """The nodes of one run.

    Pixels are a list, (n, pixels, channels): at first in reading order, then as a convolution leaves them, by place in
    the tile and then by tile. An order is the number of each pixel of the picture in such a list: (height, width).
    """

    def __init__(self, graph: OnnxGraph, name: str) -> None:
        self._graph, self._name, self._count = graph, name, 0

    def add(self, value: str, layers: Sequence[vgg16.ConvLayer], tensors: vgg16.Tensors) -> str:
        channels_last = self._node("Transpose", value, perm=[0, 2, 3, 1])
        size = self._node("Shape", channels_last, start=1, end=3)
        pixels = self._node("Reshape", channels_last, self._numbers([0, -1, layers[0].inputs]))
        patches = self._patches(size)
        tiles = self._node("Shape", patches, start=2)
        order, length = self._reading_order(size)
        tile_order, tile_length = self._tile_order(size, tiles)
        found = self._find(patches, order, length)
        found_in_tiles = self._find(patches, tile_order, tile_length)
        for layer in layers:
            pixels = self._convolve(pixels, found, layer, tensors)
            found = found_in_tiles
        in_order = self._node("Gather", pixels, self._node("Reshape", tile_order, self._numbers([-1])), axis=1)
        shape = self._node("Concat", self._numbers([0]), size, self._numbers([layers[-1].outputs]), axis=0)
        return self._node("Transpose", self._node("Reshape", in_order, shape), perm=[0, 3, 1, 2])

    def _convolve(self, pixels: str, found: str, layer: vgg16.ConvLayer, tensors: vgg16.Tensors) -> str:
        kernel, bias = self._graph.weights(layer, tensors)
        with_zero = self._node("Pad", pixels, self._numbers([0, 0, 0, 0, 1, 0]))
        patches = self._transform(_B, self._node("Gather", with_zero, found, axis=1))
        places = self._node("Reshape", patches, self._numbers([0, _PATCH**2, -1, layer.inputs]))
        summed = self._node("MatMul", places, self._transformed_kernel(kernel, layer))
        tiles = self._node("Reshape", self._transform(_A, summed), self._numbers([0, -1, layer.outputs]))
        return self._graph.node("Relu", [self._node("Add", tiles, bias)], f"{layer.name}/relu")

    def _transformed_kernel(self, kernel: str, layer: vgg16.ConvLayer) -> str:
        """Shape (36, in, out). Only constants go in: ONNX Runtime computes it once, as it opens the graph."""
        by_place = self._node("Transpose", kernel, perm=[2, 3, 1, 0])
        matrix = self._node("Reshape", by_place, self._numbers([9, -1]))
        shape = self._numbers([_PATCH**2, layer.inputs, layer.outputs])
        return self._node("Reshape", self._node("MatMul", self._both_ways(_G), matrix), shape)

    def _transform(self, matrix: Sequence[Sequence[float]], value: str) -> str:
        """From patches or summed places to (n, places, tiles x channels)."""
        flat = self._node("Reshape", value, self._numbers([0, _PATCH**2, -1]))
        return self._node("MatMul", self._both_ways(matrix), flat)

    def _patches(self, size: str) -> str:
        """Where each patch's pixels are, in a picture with a border: (6, 6, rows of tiles, columns of tiles)."""
        height, width = (self._node("Gather", size, self._numbers(axis)) for axis in (0, 1))
        steps = np.arange(_PATCH)
        top = self._node("Unsqueeze", self._range(height, _TILE), self._numbers([1]))
        rows = self._node("Add", top, self._numbers(steps.reshape(-1, 1, 1, 1)))
        columns = self._node("Add", self._range(width, _TILE), self._numbers(steps.reshape(-1, 1, 1)))
        return self._node(
            "Add", self._node("Mul", rows, self._node("Add", width, self._numbers(sum(_BORDER)))), columns
        )

    def _reading_order(self, size: str) -> tuple[str, str]:
        """The order, and the length of the list."""
        length = self._node("ReduceProd", size, keepdims=0)
        return self._node("Reshape", self._range(length), size), length

    def _tile_order(self, size: str, tiles: str) -> tuple[str, str]:
        """The order, and the length of the list: what tiles hold beyond the picture is left out of the order."""
        shape = self._node("Concat", self._numbers([_TILE, _TILE]), tiles, axis=0)
        length = self._node("ReduceProd", shape, keepdims=0)
        numbers = self._node("Reshape", self._range(length), shape)
        by_row = self._node("Transpose", numbers, perm=[2, 0, 3, 1])
        covered = self._node("Reshape", by_row, self._node("Mul", tiles, self._numbers([_TILE])))
        return self._node("Slice", covered, self._numbers([0, 0]), size), length

    def _find(self, patches: str, order: str, length: str) -> str:
        """The patches' pixels in a list of this order. The border is the zero that follows the last pixel."""
        before, after = _BORDER
        bordered = self._node("Pad", order, self._numbers([before, before, after, after]), length)
        flat = self._node("Reshape", bordered, self._numbers([-1]))
        return self._node("Gather", flat, self._node("Reshape", patches, self._numbers([-1])))

    def _range(self, end: str, step: int = 1) -> str:
        return self._node("Range", self._numbers(0), end, self._numbers(step))

    def _both_ways(self, matrix: Sequence[Sequence[float]]) -> str:
        """Rows and columns transformed at once, as one matrix over all places."""
        return self._constant(np.kron(matrix, matrix).astype(np.float32))

    def _numbers(self, value: ArrayLike) -> str:
        return self._constant(np.asarray(value, dtype=np.int64))

    def _constant(self, value: NDArray[np.generic]) -> str:
        self._count += 1
        return self._graph.tensor(f"{self._name}/{self._count}", value)

    def _node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        self._count += 1
        return self._graph.node(operator, inputs, f"{self._name}/{self._count}", **attributes)
