"""Pictures to embeddings. An Embedder is built from a spec and from nothing else.

Two vectors can be compared only if they were made the same way, so the spec (network, weights, resize, preprocessing,
pooling, precision) and the code that follows it travel together: a bundle carries its spec, and both training and
serving build their embedder from it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shared.embedding import vgg16
from shared.embedding.backends import Backend, BackendName, Features, open_backend, return_freed_memory
from shared.embedding.images import MAX_PIXELS, Picture, Resize, Warn, fit, ignore, read_picture

type Vectors = NDArray[np.float32]
"""Embeddings, one a row: shape (n, spec.dimensions)."""

Pooling = Literal["avg", "max", "rmac", "flatten"]
Precision = Literal["float32", "int8"]

# ONNX Runtime on two cores: 87 ms a picture one by one, 82 in fours, no less in eights, and each picture in a batch
# holds some 30 MB of activations. Results are the same to the bit whatever the batch (test_embedder.py).
BATCH = 4

# A JPEG is decoded at a fraction of its size that keeps so many times the embedder's input. On 150 photographs and
# wallpapers of a megapixel and more this moved the embedding by 0.00023 cosine at the most and took 0.6 of the time; at
# 2 by 0.0011, on a fine pattern. Without antialiasing it would move by 0.08: such a model gets the whole picture.
_SCALED_DECODING = 2.5

# Regions to a side, at each scale, of regional maxima.
_REGIONS = (1, 2, 3)

_HEX = r"^[0-9a-f]{64}$"


class EmbedderSpec(BaseModel):
    """Everything that decides what an embedding's numbers mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Literal["vgg16"] = "vgg16"
    weights_sha256: str = Field(pattern=_HEX)
    graph_sha256: str = Field(pattern=_HEX)
    input: int = Field(default=240, ge=vgg16.STRIDE, le=1024)
    resize: Resize = "antialias"
    preprocessing: Literal["caffe"] = "caffe"
    pooling: Pooling = "avg"
    precision: Precision = "float32"

    @property
    def dimensions(self) -> int:
        """Length of an embedding: 512 pooled, 25,088 flattened at the usual input of 240."""
        return vgg16.CHANNELS * (self.input // vgg16.STRIDE) ** 2 if self.pooling == "flatten" else vgg16.CHANNELS


class Embedder:
    """Turns pictures into embeddings as its spec says. Safe to share between threads."""

    def __init__(self, spec: EmbedderSpec, backend: Backend) -> None:
        self.spec = spec
        self._backend = backend
        # One batch at a time: the backend already uses every core, and activations of several would add up in memory.
        self._turn = threading.Lock()

    def close(self) -> None:
        """Give the network's memory back to the system, some 200 MB. Nothing can be embedded any more."""
        with self._turn:
            self._backend = _closed
        return_freed_memory()

    def picture(self, data: bytes, *, max_pixels: int = MAX_PIXELS, warn: Warn = ignore) -> Picture:
        """Decode and resize one picture; `warn` is told what of it is missing. Raises PictureError."""
        return prepare(self.spec, data, max_pixels=max_pixels, warn=warn)

    def embed(self, pictures: Sequence[Picture]) -> Vectors:
        """Embed any number of pictures of shape (input, input, 3); returns shape (len(pictures), dimensions).

        A picture's embedding is the same to the bit alone, in a batch of any size and from any thread.
        """
        vectors = np.empty((len(pictures), self.spec.dimensions), dtype=np.float32)
        for start in range(0, len(pictures), BATCH):
            batch = preprocess(pictures[start : start + BATCH])
            with self._turn:
                features = self._backend(batch)
            vectors[start : start + len(batch)] = pool(features, self.spec.pooling)
        return vectors


def open_embedder(
    spec: EmbedderSpec, graph: Path, *, backend: BackendName = "onnxruntime", threads: int | None = None
) -> Embedder:
    """Build the embedder a spec describes from an exported graph whose digest the caller has checked.

    Raises BackendError when the backend can't run this spec, vgg16.WeightsError for other weights.
    """
    return Embedder(spec, open_backend(spec.precision, spec.weights_sha256, graph, backend, threads))


def _closed(_: NDArray[np.float32]) -> Features:
    raise RuntimeError("this embedder was closed")


def prepare(spec: EmbedderSpec, data: bytes, *, max_pixels: int = MAX_PIXELS, warn: Warn = ignore) -> Picture:
    """Decode and resize one picture as a spec asks; the same as Embedder.picture."""
    at_least = round(_SCALED_DECODING * spec.input) if spec.resize == "antialias" else None
    return fit(read_picture(data, max_pixels=max_pixels, at_least=at_least, warn=warn), spec.input, spec.resize)


def preprocess(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """RGB pictures to a float32 batch (n, 3, height, width), BGR with ImageNet's means subtracted."""
    bgr = np.stack(pictures)[..., ::-1].transpose(0, 3, 1, 2)
    means = np.asarray(vgg16.BGR_MEANS, dtype=np.float32).reshape(1, 3, 1, 1)
    return np.subtract(bgr, means, dtype=np.float32, order="C")


def pool(features: NDArray[np.float32], pooling: Pooling) -> Vectors:
    """Feature maps (n, channels, height, width) to vectors; flattened ones in Keras's order, channels last."""
    if pooling == "avg":
        return features.mean(axis=(2, 3), dtype=np.float32)
    if pooling == "max":
        return features.max(axis=(2, 3))
    if pooling == "rmac":
        return _regional_maxima(features)
    return features.transpose(0, 2, 3, 1).reshape(len(features), -1)


def _regional_maxima(features: NDArray[np.float32]) -> Vectors:
    """The unit vectors of overlapping square regions' maxima, summed: R-MAC (Tolias, Sicre, Jégou, ICLR 2016).

    Of a 7 x 7 map: the whole, 2 x 2 regions of 5 x 5 and 3 x 3 of 4 x 4.
    """
    side = features.shape[2]
    total = np.zeros(features.shape[:2], dtype=np.float32)
    for regions in _REGIONS:
        size = -(-2 * side // (regions + 1))
        starts = [(side - size) * place // max(regions - 1, 1) for place in range(regions)]
        for top, left in itertools.product(starts, starts):
            maxima = features[:, :, top : top + size, left : left + size].max(axis=(2, 3))
            lengths = np.sqrt(np.einsum("ij,ij->i", maxima, maxima))[:, None]
            total += maxima / np.where(lengths == 0, 1, lengths)
    return total
