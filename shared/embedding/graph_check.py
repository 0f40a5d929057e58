"""What a graph may consist of before any engine opens it: what our own exporters write, and no more.

A digest shows that a graph is the one that was published, not that it is harmless. ONNX has loops, functions, files
read from beside the graph, and tensors that claim any size. Nothing of that is in training/network/float32_graph.py,
winograd.py and quantization.py, which are all that writes graphs to be served.

The onnx package is not part of what is deployed, so the file is read here as protobuf: numbered fields, one after the
other (https://protobuf.dev/programming-guides/encoding, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

import math
import mmap
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from shared.errors import UserError

type _Value = int | memoryview
type _Message = dict[int, list[_Value]]

# As often as the exporters use each at the most. With more, values could double at every step until memory is full.
_OPERATORS = Counter(
    {"Conv": 13, "Relu": 13, "MaxPool": 5, "QLinearConv": 12, "QuantizeLinear": 1, "DequantizeLinear": 1}
    | {"Transpose": 6, "Shape": 2, "Reshape": 28, "Gather": 8, "Range": 4, "Unsqueeze": 1, "ReduceProd": 2}
    | {"Concat": 2, "Slice": 1, "Pad": 5, "Add": 7, "Mul": 2, "MatMul": 12}
)
_MOST_BYTES = 64 << 20  # the float32 graph has 59 MB
_MOST_TENSORS = 128
_MOST_INPUTS = 9  # of a node
_LARGEST_SIZE = 512  # of a dimension, step or padding that is written down: VGG16's channels
_MOST_SIZES = 8

# Numbers of fields and types in onnx.proto.
_MODEL = {"ir_version": 1, "producer_name": 2, "graph": 7, "opset_import": 8}
_GRAPH = {"node": 1, "name": 2, "initializer": 5, "input": 11, "output": 12}
_NODE = {"input": 1, "output": 2, "name": 3, "op_type": 4, "attribute": 5}
_ATTRIBUTE = {"name": 1, "i": 3, "ints": 8, "type": 20}
_TENSOR = {"dims": 1, "data_type": 2, "name": 8, "raw_data": 9}
_OPSET = {"domain": 1, "version": 2}
_INT64 = 7
_BYTES_OF_TYPE = {1: 4, 2: 1, 3: 1, 6: 4, _INT64: 8}  # float32, uint8, int8, int32, int64


class GraphError(UserError):
    """A graph that is not opened. The message names the file and what in it no exporter writes."""


class _ForeignError(ValueError):
    """What no exporter writes."""


def check_graph(path: Path) -> None:
    """Look at a graph as a file, without running anything. Raises GraphError, OSError."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if not 0 < size <= _MOST_BYTES:
                raise _ForeignError(f"it has {size:,} bytes")
            _check_model(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except _ForeignError as error:
        raise GraphError(
            f"{path} is not a graph that this code exports: {error}. Publish the model again, or train it again"
        ) from None


def _check_model(content: memoryview) -> None:
    model = _message(content, _MODEL, "model")
    for opset in model.get(_MODEL["opset_import"], []):
        if _text(_message(_bytes(opset), _OPSET, "opset").get(_OPSET["domain"], [])):
            raise _ForeignError("it imports other operators than ONNX's")
    graphs = model.get(_MODEL["graph"], [])
    if len(graphs) != 1:
        raise _ForeignError(f"it has {len(graphs)} graphs")
    graph = _message(_bytes(graphs[0]), _GRAPH, "graph")
    if len(graph.get(_GRAPH["input"], [])) != 1 or len(graph.get(_GRAPH["output"], [])) != 1:
        raise _ForeignError("it has other inputs and outputs than one each")
    tensors = graph.get(_GRAPH["initializer"], [])
    if len(tensors) > _MOST_TENSORS:
        raise _ForeignError(f"it has {len(tensors):,} tensors")
    for tensor in tensors:
        _check_tensor(_message(_bytes(tensor), _TENSOR, "tensor"))
    used = Counter(_check_node(_message(_bytes(node), _NODE, "node")) for node in graph.get(_GRAPH["node"], []))
    for operator, count in (used - _OPERATORS).items():
        raise _ForeignError(f"it uses the operator {operator} {used[operator]} times, {count} more than it may")


def _check_node(node: _Message) -> str:
    """Its operator."""
    operator = _text(node.get(_NODE["op_type"], []))
    if operator not in _OPERATORS:
        raise _ForeignError(f"it has the operator {operator[:40]!a}")
    if len(node.get(_NODE["input"], [])) > _MOST_INPUTS or len(node.get(_NODE["output"], [])) != 1:
        raise _ForeignError(f"its {operator} has other inputs or outputs")
    for found in node.get(_NODE["attribute"], []):
        attribute = _message(_bytes(found), _ATTRIBUTE, f"attribute of {operator}")
        numbers = [*attribute.get(_ATTRIBUTE["i"], [])]
        for each in attribute.get(_ATTRIBUTE["ints"], []):
            numbers += [each] if isinstance(each, int) else _varints(each)
        _check_sizes([_signed(number) for number in numbers if isinstance(number, int)], operator)
    return operator


def _check_tensor(tensor: _Message) -> None:
    name = ascii(_text(tensor.get(_TENSOR["name"], []))[:40])
    dims: list[int] = []
    for each in tensor.get(_TENSOR["dims"], []):
        dims += [each] if isinstance(each, int) else _varints(each)
    (kind,) = tensor.get(_TENSOR["data_type"], [0])[-1:]
    raw = _bytes(tensor.get(_TENSOR["raw_data"], [memoryview(b"")])[-1])
    if not isinstance(kind, int) or math.prod(dims) * _BYTES_OF_TYPE.get(kind, 0) != len(raw) or not raw:
        raise _ForeignError(f"its tensor {name} does not hold the numbers that it claims")
    if kind == _INT64:
        _check_sizes(np.frombuffer(raw, "<i8").tolist(), name)


def _check_sizes(sizes: Collection[int], where: str) -> None:
    if len(sizes) > _MOST_SIZES or any(abs(size) > _LARGEST_SIZE for size in sizes):
        raise _ForeignError(f"{where} has sizes that no graph of VGG16 has")


def _message(content: memoryview, known: dict[str, int], what: str) -> _Message:
    """A message's fields by number. Raises _ForeignError for any that is not known, and where it is not protobuf."""
    message: _Message = {}
    for number, value in _fields(content):
        if number not in known.values():
            raise _ForeignError(f"a {what} in it has the field {number} of onnx.proto")
        message.setdefault(number, []).append(value)
    return message


def _fields(content: memoryview) -> Iterator[tuple[int, _Value]]:
    position = 0
    while position < len(content):
        key, position = _varint(content, position)
        match key & 7:
            case 0:
                value, position = _varint(content, position)
                yield key >> 3, value
            case 2:
                size, position = _varint(content, position)
                if size > len(content) - position:
                    raise _ForeignError("it ends within a field")
                yield key >> 3, content[position : position + size]
                position += size
            case kind:
                raise _ForeignError(f"it has a field of protobuf's type {kind}")


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    """The number that begins at a position, seven bits a byte, and the position after it."""
    number = 0
    for shift in range(0, 64, 7):
        if position >= len(content):
            raise _ForeignError("it ends within a number")
        byte = content[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, position
    raise _ForeignError("it has a number of more than 64 bits")


def _varints(packed: memoryview) -> list[int]:
    numbers: list[int] = []
    position = 0
    while position < len(packed):
        number, position = _varint(packed, position)
        numbers.append(number)
    return numbers


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _bytes(value: _Value) -> memoryview:
    if isinstance(value, int):
        raise _ForeignError("it has a number where there should be a message")
    return value


def _text(values: list[_Value]) -> str:
    return "".join(bytes(_bytes(value)).decode(errors="replace") for value in values[-1:])
