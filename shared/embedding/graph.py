"""Reading VGG16's tensors back from a float32 graph (training/network/float32_graph.py writes it).

Needs the onnx package, so only training and the TensorFlow backend import this; ONNX Runtime opens the file itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from shared.embedding import vgg16


def read_tensors(path: Path) -> vgg16.Tensors:
    """The tensors of a float32 graph, kernels back in (height, width, in, out). Raises vgg16.WeightsError."""
    graph = onnx.load(path, load_external_data=False).graph
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    return {layer.name: _pair(arrays, layer.name) for layer in vgg16.LAYERS}


def _pair(arrays: dict[str, NDArray[np.float32]], layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    try:
        return arrays[f"{layer}/kernel"].transpose(2, 3, 1, 0), arrays[f"{layer}/bias"]
    except KeyError as error:
        raise vgg16.WeightsError(f"the graph has no tensor {error}") from None
