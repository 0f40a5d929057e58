"""The graph that a model embeds with: VGG16's own in float32, or one in int8 that was calibrated on its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import batched, islice
from pathlib import Path

from shared.digests import sha256
from shared.embedding.embedder import BATCH, EmbedderSpec, prepare, preprocess
from shared.embedding.images import Picture, PictureError
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.errors import UserError
from shared.files import write_atomically
from shared.model.bundle import BundleError
from shared.pictures.source import Source
from shared.stores.graphs import checked_graph, graph_path
from training.model.options import Options
from training.network.quantization import quantize
from training.network.weights import export_graph
from training.progress import Say

# On photographs, 8, 32 and 96 give embeddings as near to float32's (0.9994 on average with 7-bit kernels, least 0.998);
# more than the fewest, for a set that is less alike than those.
PICTURES = 32


class CalibrationError(UserError):
    """There is no picture to calibrate on."""


def choose_graph(
    options: Options, root: Path, sources: Sequence[Source], previous: EmbedderSpec | None, say: Say
) -> tuple[Options, Path]:
    """The options with the digest of the graph they ask for, and its path under `root`, made unless it is there.

    An int8 graph is `previous`'s, where that is one: embeddings made with another can't be compared with its, and a
    cache does not know them. Else it is calibrated on a sample of the pictures. Raises CalibrationError,
    shared.model.bundle.BundleError, shared.embedding.vgg16.WeightsError.
    """
    if options.precision == "float32":
        return options, export_graph(root, say)
    graph = _reusable(previous, root, say)
    if graph is None:
        say(f"Calibrating int8 on {min(PICTURES, len(sources))} of the pictures")
        graph = calibrate(export_graph(root, say), root, options.spec(), sources)
    return replace(options, graph_sha256=graph.stem), graph


def calibrate(graph: Path, root: Path, spec: EmbedderSpec, sources: Sequence[Source]) -> Path:
    """Write the int8 counterpart of a float32 graph under `root`. Raises CalibrationError.

    The pictures are prepared as `spec` says. The same pictures under the same names give the same graph.
    """
    pictures = list(islice(_readable(spec, sources), PICTURES))
    if not pictures:
        raise CalibrationError(f"none of the {len(sources)} pictures can be read, and int8 is calibrated on them")
    content = quantize(graph, (preprocess(batch) for batch in batched(pictures, BATCH, strict=False)))
    path = graph_path(root, sha256(content))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return path


def _reusable(previous: EmbedderSpec | None, root: Path, say: Say) -> Path | None:
    if previous is None or previous.precision != "int8" or previous.weights_sha256 != WEIGHTS_SHA256:
        return None
    try:
        return checked_graph(root, previous.graph_sha256)
    except BundleError as error:
        say(f"{error}. Calibrating again")
        return None


def calibration_order(sources: Sequence[Source]) -> list[Source]:
    """By the digests of their names: the first are a sample of all folders, whatever the order of `sources`."""
    return sorted(sources, key=lambda source: sha256(source.name.encode()))


def _readable(spec: EmbedderSpec, sources: Sequence[Source]) -> Iterator[Picture]:
    for source in calibration_order(sources):
        try:
            yield prepare(spec, source.content())
        except PictureError:  # embedding says so
            continue
