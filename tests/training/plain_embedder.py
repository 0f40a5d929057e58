"""An embedder without VGG16, for tests in which only alike and unlike matter: average colours instead of features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.embedding.backends import Backend, Features
from shared.embedding.embedder import Embedder, EmbedderSpec
from shared.embedding.vgg16 import CHANNELS
from tests.bundles import SPEC

_GRID = 12


def colour_grid(batch: NDArray[np.float32]) -> Features:
    """Average colours of 12 x 12 cells of each picture, as the channels of an even 7 x 7 feature map."""
    count, channels, height, width = batch.shape
    cells = batch.reshape(count, channels, _GRID, height // _GRID, _GRID, width // _GRID).mean(axis=(3, 5))
    features = np.zeros((count, CHANNELS, 7, 7), dtype=np.float32)
    features[:, : channels * _GRID**2] = cells.reshape(count, -1, 1, 1)
    return features


class Counted:
    """A backend that counts the pictures it has embedded."""

    def __init__(self) -> None:
        self.pictures = 0

    def __call__(self, batch: NDArray[np.float32]) -> Features:
        self.pictures += len(batch)
        return colour_grid(batch)


def plain_embedder(backend: Backend = colour_grid, spec: EmbedderSpec = SPEC) -> Embedder:
    return Embedder(spec, backend)
