"""Graphs that our exporters write pass; whatever else ONNX can hold is refused by name, before an engine opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from shared.embedding import vgg16
from shared.embedding.backends import open_backend
from shared.embedding.graph_check import GraphError, check_graph
from tests.tiny_models import tiny_graph
from training.network.float32_graph import graph_bytes
from training.network.quantization import int8_graph_bytes

FLOAT = TensorProto.FLOAT


def plain_tensors() -> vgg16.Tensors:
    return {
        layer.name: (np.full(layer.kernel_shape, 0.01, np.float32), np.zeros(layer.outputs, np.float32))
        for layer in vgg16.LAYERS
    }


def exports() -> dict[str, Callable[[], bytes]]:
    scales = {layer.name: 1.0 for layer in vgg16.LAYERS}
    return {
        "float32": lambda: graph_bytes(plain_tensors()),
        "float32 without Winograd": lambda: graph_bytes(plain_tensors(), ()),
        "int8": lambda: int8_graph_bytes(plain_tensors(), scales),
        "tiny": tiny_graph,
    }


@pytest.mark.parametrize("export", exports().values(), ids=exports())
def test_what_is_exported_passes(export: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(export())
    check_graph(path)


def loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["pictures"], ["x"], body=body))


def graph_in_an_attribute(model: onnx.ModelProto) -> None:
    model.graph.node[1].attribute.append(helper.make_attribute("then_branch", helper.make_graph([], "body", [], [])))


def text_in_an_attribute(model: onnx.ModelProto) -> None:
    model.graph.node[1].attribute.append(helper.make_attribute("auto_pad", "SAME_UPPER"))


def function(model: onnx.ModelProto) -> None:
    model.functions.append(helper.make_function("d", "f", ["x"], ["y"], [], [helper.make_opsetid("", 18)]))


def other_domain(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def operator_of_another_domain(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "com.microsoft"


def external_data(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"


def claims_more(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 1 << 40


def overflows(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [1 << 62, 4]


def other_type(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(TensorProto(name="text", data_type=TensorProto.STRING, dims=[1], string_data=[b"x"]))


def typed_data(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("numbers", FLOAT, [2], [1.0, 2.0]))


def large_size(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 0, 513, 0]), "shape"))


def negative_size(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array(-1 << 40), "shape"))


def many_sizes(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(9, np.int64), "shape"))


def large_attribute(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("pads", [0, 0, 1 << 40, 0]))


def doubling(model: onnx.ModelProto) -> None:
    for step in range(40):
        model.graph.node.append(helper.make_node("Concat", [f"x{step}", f"x{step}"], [f"x{step + 1}"]))


def two_outputs(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("more", FLOAT, []))


def no_output(model: onnx.ModelProto) -> None:
    model.graph.node[0].output.append("more")


def many_inputs(model: onnx.ModelProto) -> None:
    model.graph.node[0].input.extend(["pictures"] * 9)


def many_tensors(model: onnx.ModelProto) -> None:
    for number in range(200):
        model.graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.float32), str(number)))


def sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()


def training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def no_graph(model: onnx.ModelProto) -> None:
    model.ClearField("graph")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (loop, "operator 'Loop'"),
        (graph_in_an_attribute, "attribute of Conv in it has the field 6"),
        (text_in_an_attribute, "attribute of Conv in it has the field 4"),
        (function, "model in it has the field 25"),
        (other_domain, "imports other operators than ONNX's"),
        (operator_of_another_domain, "node in it has the field 7"),
        (external_data, "tensor in it has the field 13"),
        (claims_more, "tensor 'kernel' does not hold the numbers that it claims"),
        (overflows, "tensor 'kernel' does not hold the numbers that it claims"),
        (other_type, "tensor in it has the field 6"),
        (typed_data, "tensor in it has the field 4"),
        (large_size, "'shape' has sizes that no graph of VGG16 has"),
        (negative_size, "'shape' has sizes that no graph of VGG16 has"),
        (many_sizes, "'shape' has sizes that no graph of VGG16 has"),
        (large_attribute, "MaxPool has sizes that no graph of VGG16 has"),
        (doubling, "operator Concat 40 times, 38 more than it may"),
        (two_outputs, "other inputs and outputs than one each"),
        (no_output, "MaxPool has other inputs or outputs"),
        (many_inputs, "MaxPool has other inputs or outputs"),
        (many_tensors, "has 201 tensors"),
        (sparse, "graph in it has the field 15"),
        (training, "model in it has the field 20"),
        (no_graph, "has 0 graphs"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_no_exporter_writes_is_refused_by_name(change: Callable[[Any], None], named: str, tmp_path: Path) -> None:
    model = onnx.load_from_string(tiny_graph())
    change(model)
    path = tmp_path / "graph.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(GraphError, match=rf"graph\.onnx is not a graph that this code exports: .*{named}"):
        open_backend("float32", "", path, "onnxruntime")


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x0a\xff", b"\x08" + b"\xff" * 11, b"\x0d1234", b"not ONNX", b"\x38\x01"]
)
def test_what_is_not_protobuf_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(content)
    with pytest.raises(GraphError, match="is not a graph that this code exports"):
        check_graph(path)


def test_a_graph_larger_than_any_of_ours_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(GraphError, match="it has 1,099,511,627,776 bytes"):
        check_graph(path)


@given(st.data())
def test_damage_is_refused_or_harmless_and_never_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(tiny_graph())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.onnx"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        check_graph(path)
    except GraphError as error:
        assert "damaged.onnx" in str(error)  # noqa: PT017 - that there is none is as good
