import os
from pathlib import Path

import numpy as np
import pytest

from shared.embedding import backends
from shared.embedding.backends import Backend, BackendError, open_backend
from shared.embedding.vgg16 import WEIGHTS_SHA256, WeightsError


@pytest.mark.parametrize(
    ("given", "variable", "expected"), [(3, "2", 3), (None, "2", 2), (None, "", 5), (None, "4,2", 5), (None, "0", 5)]
)
def test_threads_are_those_given_or_of_the_environment_or_all_cores(
    monkeypatch: pytest.MonkeyPatch, given: int | None, variable: str, expected: int
) -> None:
    opened: list[int] = []

    def note(graph: Path, threads: int) -> Backend:
        opened.append(threads)
        return lambda batch: batch

    monkeypatch.setattr(backends, "_open_onnxruntime", note)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 5)
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    open_backend("float32", WEIGHTS_SHA256, Path("graph.onnx"), "onnxruntime", given)
    assert opened == [expected]


def test_an_unknown_backend_names_the_known_ones(graph: Path) -> None:
    with pytest.raises(BackendError, match="known are onnxruntime, tensorflow"):
        open_backend("float32", WEIGHTS_SHA256, graph, "torch")  # pyright: ignore[reportArgumentType]


def test_the_tensorflow_backend_refuses_int8(graph: Path) -> None:
    with pytest.raises(BackendError, match="int8"):
        open_backend("int8", WEIGHTS_SHA256, graph, "tensorflow")


def test_other_errors_are_not_taken_for_memory(graph: Path) -> None:
    backend = open_backend("float32", "", graph, "onnxruntime", 1)
    with pytest.raises(Exception, match="INVALID_ARGUMENT") as caught:
        backend(np.zeros((1, 1, 32, 32), dtype=np.float32))
    assert not isinstance(caught.value, MemoryError)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_tensorflow_backend_refuses_other_weights(graph: Path) -> None:
    with pytest.raises(WeightsError, match="other weights"):
        open_backend("float32", "0" * 64, graph, "tensorflow")
