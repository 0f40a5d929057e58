"""`python -m benchmarks.quantizers FOLDER`: our int8 graph against those that onnxruntime.quantization makes.

The folder has one subfolder a kind, such as the labelled sets in .cache/benchmarks/sets. All graphs are calibrated on
the same pictures, the greatest activations counting, with int8 kernels that have a scale for each output channel,
uint8 activations, and the last convolution in float32. `reduced` kernels have 7 bits, which processors without VNNI
need; with 8 bits their 16-bit sums saturate, so those rows are only there to be compared with.

The same group: of 3 pictures in 10, the nearest of the others is of the same kind in int8 as in float32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import batched, islice
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import onnxruntime as ort
import typer
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from benchmarks.measuring import in_turn, machine, ratio, spread, today
from shared.command_line.console import command_line, errors_in_words
from shared.digests import sha256
from shared.embedding import vgg16
from shared.embedding.embedder import BATCH, Embedder, open_embedder, preprocess
from shared.embedding.graph import read_tensors
from shared.embedding.images import Picture
from shared.model.core_samples import comparable
from shared.pictures.folder import find_pictures
from training.model.calibration import PICTURES, calibration_order
from training.model.options import Options
from training.network.float32_graph import graph_bytes
from training.network.onnx_graph import INPUT, OUTPUT
from training.network.quantization import quantize
from training.network.weights import export_graph

_MODELS = Path(__file__).parents[1] / "models"

type Batch = NDArray[np.float32]
type Quantizer = Callable[[Path, Sequence[Batch]], bytes]
"""Float32 graph and calibration batches to the int8 graph."""


class _Batches(CalibrationDataReader):
    def __init__(self, batches: Sequence[Batch]) -> None:
        self._left = iter(batches)

    def get_next(self) -> dict[str, Batch] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        batch = next(self._left, None)
        return None if batch is None else {INPUT: batch}


def _runtime(graph: Path, batches: Sequence[Batch], *, form: QuantFormat, reduced: bool) -> bytes:
    """By onnxruntime.quantization, of the graph without Winograd's transforms, which it has no int8 form of."""
    model = onnx.load_from_string(graph_bytes(read_tensors(graph), winograd=()))
    for node in model.graph.node:
        node.name = node.output[0]
    last = vgg16.LAYERS[-1].name
    with tempfile.TemporaryDirectory() as folder:
        quantized = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            str(quantized),
            _Batches(batches),
            quant_format=form,
            per_channel=True,
            reduce_range=reduced,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[last, f"{last}/relu", OUTPUT],
            calibrate_method=CalibrationMethod.MinMax,
        )
        return quantized.read_bytes()


QUANTIZERS: dict[str, Quantizer] = {
    "ours": quantize,
    "QOperator, reduced": partial(_runtime, form=QuantFormat.QOperator, reduced=True),
    "QDQ, reduced": partial(_runtime, form=QuantFormat.QDQ, reduced=True),
    "QOperator, 8 bits": partial(_runtime, form=QuantFormat.QOperator, reduced=False),
    "QDQ, 8 bits": partial(_runtime, form=QuantFormat.QDQ, reduced=False),
}

app = command_line()


@app.command()
def main(
    folder: Annotated[Path, typer.Argument(help="Pictures, one subfolder a kind.")],
    repeats: Annotated[int, typer.Option(help="Times that one picture is embedded, in turn with float32.")] = 15,
) -> None:
    """Compare our int8 graph with those that onnxruntime.quantization makes."""
    with errors_in_words():
        print(f"{today()}, {machine()}.\n")
        print("| quantizer | cosine, mean | least | same group | one picture | x float32's time |")
        print("|---|---|---|---|---|---|")
        for row in measure(folder, repeats):
            print(f"| {' | '.join(row)} |", flush=True)


def measure(folder: Path, repeats: int) -> Iterator[Sequence[str]]:
    """A row for each quantizer: its name, cosines to float32, the share in the same group, seconds."""
    sources = calibration_order(find_pictures(folder))
    kinds = np.array([source.name.split("/")[0] for source in sources])
    graph = export_graph(_MODELS, print)
    float32 = open_embedder(Options("float32").spec(), graph)
    pictures = [float32.picture(source.content()) for source in sources]
    # The first ones calibrate and are never asked about; their order is chance.
    batches = [preprocess(batch) for batch in batched(islice(pictures, PICTURES), BATCH, strict=False)]
    asked = np.arange(len(pictures)) >= max(PICTURES, len(pictures) * 7 // 10)
    reference = _embed(float32, pictures)
    for name, quantizer in QUANTIZERS.items():
        int8 = open_quantized(quantizer(graph, batches))
        embedded = _embed(int8, pictures)
        cosines = (reference * embedded).sum(axis=1)
        same = kinds[~asked][_nearest(embedded, asked)] == kinds[~asked][_nearest(reference, asked)]
        taken, float32_taken = in_turn(repeats, *(partial(one.embed, pictures[:1]) for one in (int8, float32)))
        figures = f"{cosines.mean():.5f}", f"{cosines.min():.4f}", f"{same.mean():.4f}"
        yield name, *figures, spread(taken), f"{ratio(taken, float32_taken):.2f}"


def _nearest(vectors: NDArray[np.float32], asked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Of each picture asked about, the nearest among the others."""
    return (vectors[asked] @ vectors[~asked].T).argmax(axis=1)


def open_quantized(content: bytes) -> Embedder:
    """An embedder of an int8 graph. Serving refuses graphs that this project does not write; here they are compared."""
    options = ort.SessionOptions()
    options.add_session_config_entry("session.force_spinning_stop", "1")  # as serving does
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    spec = Options("int8", precision="int8", graph_sha256=sha256(content)).spec()
    return Embedder(spec, lambda batch: np.asarray(session.run(None, {INPUT: batch})[0], dtype=np.float32))


def _embed(embedder: Embedder, pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """Of unit length, shape (n, 512)."""
    batches = [embedder.embed(batch) for batch in batched(pictures, BATCH, strict=False)]
    return comparable(np.concatenate(batches), "cosine")


if __name__ == "__main__":
    app(prog_name="python -m benchmarks.quantizers")
