import numpy as np
import pytest

from shared.embedding.vgg16 import LAYERS, WeightsError, digest, verify

ZEROS = {
    layer.name: (np.zeros(layer.kernel_shape, dtype=np.float32), np.zeros(layer.outputs, dtype=np.float32))
    for layer in LAYERS
}


def test_the_13_convolutions_have_14_714_688_numbers() -> None:
    assert len(LAYERS) == 13
    assert [LAYERS[0].name, LAYERS[-1].name] == ["block1_conv1", "block5_conv3"]
    assert sum(kernel.size + bias.size for kernel, bias in ZEROS.values()) == 14_714_688


def test_digest_depends_on_every_tensor_but_not_on_memory_order() -> None:
    fortran = {name: (np.asfortranarray(kernel), bias) for name, (kernel, bias) in ZEROS.items()}
    assert digest(fortran) == digest(ZEROS)
    bias = ZEROS["block5_conv3"][1].copy()
    bias[-1] = 1
    assert digest(ZEROS | {"block5_conv3": (ZEROS["block5_conv3"][0], bias)}) != digest(ZEROS)


def test_other_weights_are_refused() -> None:
    with pytest.raises(WeightsError, match="other weights"):
        verify(ZEROS)


def test_a_missing_layer_is_named() -> None:
    with pytest.raises(WeightsError, match="block3_conv2 is missing"):
        digest({name: pair for name, pair in ZEROS.items() if name != "block3_conv2"})


def test_a_wrong_shape_is_named() -> None:
    kernel, bias = ZEROS["block1_conv1"]
    with pytest.raises(WeightsError, match=r"block1_conv1 has a kernel of shape \(64, 3, 3, 3\)"):
        digest(ZEROS | {"block1_conv1": (kernel.transpose(3, 2, 0, 1), bias)})
