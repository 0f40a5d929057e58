"""The int8 graph: true to float32, the same bytes each time, and right on processors that saturate."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from shared.embedding import vgg16
from shared.embedding.embedder import Embedder, Pooling, open_embedder, preprocess
from shared.embedding.images import Picture
from tests.conftest import PROJECT
from training.network import quantization
from training.network.quantization import Scales, activation_scales, int8_graph_bytes, quantize

pytestmark = pytest.mark.slow

SAMPLES = sorted((PROJECT / "data" / "train").glob("*_01.jpg"))
INT16_MAX = 32_767


@pytest.fixture(scope="module")
def pictures(embedder: Embedder) -> list[Picture]:
    return [embedder.picture(path.read_bytes()) for path in SAMPLES]


@pytest.fixture(scope="module")
def int8(graph: Path, pictures: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("int8") / "int8.onnx"
    path.write_bytes(quantize(graph, [preprocess(pictures)]))
    return path


def kernels(graph: Path) -> dict[str, NDArray[np.int8]]:
    """The quantized kernels, (out, in, height, width), by layer."""
    tensors = {one.name: numpy_helper.to_array(one) for one in onnx.load(graph).graph.initializer}
    return {
        name.removesuffix("/kernel"): one for name, one in tensors.items() if one.dtype == np.int8 and one.ndim == 4
    }


def test_all_but_the_last_convolution_are_int8(int8: Path) -> None:
    assert list(kernels(int8)) == [layer.name for layer in vgg16.LAYERS[:-1]]


def test_the_same_pictures_give_the_same_bytes_whatever_their_order_and_batches(
    graph: Path, int8: Path, pictures: list[Picture]
) -> None:
    assert quantize(graph, [preprocess([picture]) for picture in reversed(pictures)]) == int8.read_bytes()


def test_each_scale_holds_the_greatest_activation(graph: Path, pictures: list[Picture]) -> None:
    one, other, both = (
        activation_scales(graph, [preprocess(some)]) for some in (pictures[:1], pictures[1:2], pictures[:2])
    )
    assert list(both) == [layer.name for layer in vgg16.LAYERS[:-1]]
    assert both == {layer: max(one[layer], other[layer]) for layer in both}


def test_each_embedding_is_close_to_float32(embedder: Embedder, int8: Path, pictures: list[Picture]) -> None:
    small = open_embedder(embedder.spec.model_copy(update={"precision": "int8"}), int8)
    for a, b in zip(embedder.embed(pictures), small.embed(pictures), strict=True):
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.998


@pytest.mark.parametrize("pooling", ["avg", "rmac"])
def test_an_embedding_is_identical_alone_in_a_batch_in_parallel_and_on_one_thread(
    embedder: Embedder, int8: Path, pictures: list[Picture], pooling: Pooling
) -> None:
    spec = embedder.spec.model_copy(update={"precision": "int8", "pooling": pooling})
    small, one_thread = open_embedder(spec, int8), open_embedder(spec, int8, threads=1)
    together = small.embed(pictures)
    assert np.array_equal(together, np.concatenate([small.embed([picture]) for picture in pictures]))
    assert np.array_equal(together, one_thread.embed(pictures))
    with ThreadPoolExecutor(2) as threads:
        parallel = list(threads.map(small.embed, [[picture] for picture in pictures]))
    assert np.array_equal(together, np.concatenate(parallel))


def test_blank_pictures_calibrate_too(graph: Path, embedder: Embedder, pictures: list[Picture], tmp_path: Path) -> None:
    path = tmp_path / "blank.onnx"
    path.write_bytes(quantize(graph, [preprocess([np.zeros_like(pictures[0])])]))
    spec = embedder.spec.model_copy(update={"precision": "int8"})
    assert np.isfinite(open_embedder(spec, path).embed(pictures[:1])).all()


def test_serving_needs_no_onnx_package(int8: Path) -> None:
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from shared.embedding.backends import open_backend; import numpy, pathlib\n"
        "run = open_backend('int8', '', pathlib.Path(sys.argv[1]), 'onnxruntime')\n"
        "print(run(numpy.zeros((1, 3, 64, 64), 'float32')).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(int8)], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout.strip() == "(1, 512, 2, 2)"


def test_no_two_products_exceed_16_bits(int8: Path) -> None:
    """Whichever two of four neighbouring input channels a processor without VNNI multiplies and adds together."""
    for kernel in kernels(int8).values():
        fours = kernel.astype(np.int64).reshape(len(kernel), -1, 4, 9)
        for sign in (1, -1):
            sums = np.sort(np.maximum(sign * fours, 0), axis=2)[:, :, -2:].sum(axis=2)
            assert 255 * sums.max() <= INT16_MAX
        # The steps are no coarser than that takes: some sum, or some weight, is as great as it may be.
        assert np.abs(fours).max() > 90


_RUN = """
import sys, numpy, onnxruntime

graph, pictures, features = sys.argv[1:]
session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
numpy.save(features, session.run(None, {"pictures": numpy.load(pictures)})[0])
"""


def run_elsewhere(
    emulator: Sequence[str], graph: Path, batch: NDArray[np.float32], folder: Path
) -> NDArray[np.float32]:
    """The graph's output from another process, by this processor or an emulated one."""
    np.save(folder / "pictures.npy", batch)
    command = [*emulator, str(Path(sys.executable).resolve()), "-c", _RUN]
    command += [str(graph), str(folder / "pictures.npy"), str(folder / "features.npy")]
    environment = {"PYTHONPATH": sysconfig.get_path("purelib"), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, timeout=300, env=environment)
    return np.load(folder / "features.npy")


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("qemu-x86_64"),
    reason="NOT RUN: there is no QEMU, so int8 was tried on no older processor (Debian: apt-get install qemu-user)",
)
def test_a_processor_without_vnni_computes_the_same(
    int8: Path, pictures: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = preprocess([picture[:64, :64] for picture in pictures[:1]])

    def both(graph: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        haswell = ["qemu-x86_64", "-cpu", "Haswell"]
        here, there = (run_elsewhere(emulator, graph, batch, tmp_path) for emulator in ([], haswell))
        return here, there

    def agree(here: NDArray[np.float32], there: NDArray[np.float32]) -> bool:
        # The last convolution is float32, which processors round in ways of their own.
        return bool(np.abs(there - here).max() <= 1e-4 * float(here.max()))

    assert agree(*both(int8))
    worst = tmp_path / "worst.onnx"
    worst.write_bytes(int8_graph_bytes(*at_the_limit()))
    assert agree(*both(worst))
    # With steps as fine as int8 has: it is saturation that this would find.
    monkeypatch.setattr(quantization, "LARGEST_SUM", 2 * 127 + 1)
    worst.write_bytes(int8_graph_bytes(*at_the_limit()))
    assert not agree(*both(worst))


def at_the_limit() -> tuple[vgg16.Tensors, Scales]:
    """Weights of which all are as great as the greatest, and scales that make all activations the least or greatest."""
    chance = np.random.default_rng(0)
    tensors = {
        layer.name: (
            chance.choice(np.array([-1, 1], dtype=np.float32), layer.kernel_shape),
            np.zeros(layer.outputs, dtype=np.float32),
        )
        for layer in vgg16.LAYERS
    }
    return tensors, dict.fromkeys(tensors, 1e-3)
