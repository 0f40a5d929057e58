"""The two engines that run VGG16's convolution base: ONNX Runtime (default) and TensorFlow.

Each is imported only when it is asked for: TensorFlow alone takes seconds and hundreds of megabytes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from shared.embedding import vgg16
from shared.embedding.graph_check import check_graph
from shared.errors import UserError

type Features = NDArray[np.float32]
type Backend = Callable[[NDArray[np.float32]], Features]
"""Preprocessed batch (n, 3, height, width) to feature maps (n, 512, height / 32, width / 32). Raises MemoryError."""

BackendName = Literal["onnxruntime", "tensorflow"]


# How ONNX Runtime and TensorFlow put it, in exceptions that they raise for much else too.
_NO_MEMORY = ("Failed to allocate memory", "bad_alloc", "bad allocation", "OOM when allocating")


class BackendError(UserError):
    """No such backend, or it can't run this graph."""


def open_backend(
    precision: str, weights_sha256: str, graph: Path, name: BackendName, threads: int | None = None
) -> Backend:
    """Open an exported graph. `threads` defaults to OMP_NUM_THREADS, as NumPy does, or to the cores it may use.

    Raises BackendError where the name is unknown or the backend can't run this precision, and
    shared.embedding.graph_check.GraphError, before an engine sees it, for what none of our exporters writes.
    """
    threads = threads or _given_threads() or os.process_cpu_count() or 1
    if name == "onnxruntime":
        return _telling_of_memory(_open_onnxruntime(graph, threads))
    if name == "tensorflow":
        if precision != "float32":
            raise BackendError(f"the TensorFlow backend runs float32 only, not {precision}: use onnxruntime")
        return _telling_of_memory(_open_tensorflow(graph, weights_sha256, threads))
    known = ", ".join(get_args(BackendName))
    raise BackendError(f"unknown backend {name!r}; known are {known}")


def _given_threads() -> int:
    """OMP_NUM_THREADS, 0 where it is unset or not a number (OpenMP also takes lists, for nested loops)."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() else 0


def _telling_of_memory(backend: Backend) -> Backend:
    """The backend, raising MemoryError where it runs out of memory: a smaller batch may do (pipeline.py)."""

    def run(batch: NDArray[np.float32]) -> Features:
        try:
            return backend(batch)
        except Exception as error:
            if any(words in str(error) for words in _NO_MEMORY):
                raise MemoryError(str(error)) from error
            raise

    return run


def _open_onnxruntime(graph: Path, threads: int) -> Backend:
    import onnxruntime as ort

    check_graph(graph)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only: its warnings are about the host's processor, not about us
    # One block for all activations, planned for each batch size, and kept beside the last one's: 425 MB instead of 311
    # for batches of 4 in float32, and no faster.
    options.enable_mem_pattern = False
    # Its threads would wait for more work by spinning: after each run they burn 25 ms of a processor that others need.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    return_freed_memory()
    (source,) = session.get_inputs()

    def run(batch: NDArray[np.float32]) -> Features:
        return np.asarray(session.run(None, {source.name: batch})[0], dtype=np.float32)

    return run


def return_freed_memory() -> None:
    """Give back to the system what was freed: of the 228 MB that loading a float32 graph takes, 112 are in use.

    glibc keeps such memory for later; other C libraries have nothing like it to call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _open_tensorflow(graph: Path, weights_sha256: str, threads: int) -> Backend:
    """Keras's own VGG16 with the graph's tensors, so that both backends compute from the same numbers."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    from shared.embedding.graph import read_tensors

    with suppress(RuntimeError):  # where TensorFlow is at work in this process already, its threads stay
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    check_graph(graph)
    tensors = read_tensors(graph)
    if vgg16.digest(tensors) != weights_sha256:
        raise vgg16.WeightsError(f"{graph} holds other weights than the model's spec asks for")
    network = tf.keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3))
    for layer in vgg16.LAYERS:
        network.get_layer(layer.name).set_weights(list(tensors[layer.name]))

    # Graph code: TensorFlow traces it with tensors of its own, which no annotation describes.
    def features(batch):  # pyright: ignore  # noqa: ANN001, ANN202
        return tf.transpose(network(tf.transpose(batch, (0, 2, 3, 1)), training=False), (0, 3, 1, 2))

    call = tf.function(features, input_signature=[tf.TensorSpec((None, 3, None, None), tf.float32)])

    def run(batch: NDArray[np.float32]) -> Features:
        return np.asarray(call(batch), dtype=np.float32)

    return run
