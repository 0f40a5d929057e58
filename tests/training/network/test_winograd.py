"""Winograd's convolutions against ONNX Runtime's own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.embedding import vgg16
from training.network.onnx_graph import INPUT, OnnxGraph
from training.network.winograd import convolve

LAYERS = [
    vgg16.ConvLayer("first", 3, 5),
    vgg16.ConvLayer("second", 5, 4),
    vgg16.ConvLayer("third", 4, vgg16.CHANNELS),
]

type Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def opened(graph: OnnxGraph, value: str) -> Run:
    graph.max_pool(value, len(vgg16.BLOCKS))
    session = ort.InferenceSession(graph.serialize(), providers=["CPUExecutionProvider"])
    return lambda pictures: np.asarray(session.run(None, {INPUT: pictures})[0])


@pytest.fixture(scope="module")
def tensors() -> vgg16.Tensors:
    random = np.random.default_rng(1)
    return {
        layer.name: (
            random.normal(size=layer.kernel_shape).astype(np.float32),
            random.normal(size=layer.outputs).astype(np.float32),
        )
        for layer in LAYERS
    }


@pytest.fixture(scope="module", params=[1, 2, 3], ids="{} layers".format)
def both(request: pytest.FixtureRequest, tensors: vgg16.Tensors) -> tuple[Run, Run]:
    """The layers, as many of the last of them by Winograd as the parameter says, and all of them by definition."""
    first = len(LAYERS) - request.param
    fast, plain = OnnxGraph(), OnnxGraph()
    begun, end = INPUT, INPUT
    for layer in LAYERS[:first]:
        begun = fast.convolve(begun, layer, tensors)
    for layer in LAYERS:
        end = plain.convolve(end, layer, tensors)
    return opened(fast, convolve(fast, "block", begun, LAYERS[first:], tensors)), opened(plain, end)


@settings(max_examples=60)
@given(st.integers(1, 3), st.integers(2, 30), st.integers(2, 30), st.integers(0, 9))
def test_it_is_the_convolution_by_definition(
    both: tuple[Run, Run], count: int, height: int, width: int, seed: int
) -> None:
    pictures = np.random.default_rng(seed).normal(0, 60, (count, 3, height, width)).astype(np.float32)
    fast, plain = (run(pictures) for run in both)
    assert fast.shape == plain.shape
    assert np.abs(fast - plain).max() <= 1e-5 * max(np.abs(plain).max(), 1)


@given(st.integers(2, 20), st.integers(2, 20))
def test_a_picture_gives_identical_results_alone_and_in_a_batch(both: tuple[Run, Run], height: int, width: int) -> None:
    run, _ = both
    pictures = np.random.default_rng(0).normal(0, 60, (3, 3, height, width)).astype(np.float32)
    assert np.array_equal(run(pictures), np.concatenate([run(picture[None]) for picture in pictures]))
