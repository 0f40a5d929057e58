"""How to train: everything that a person can choose."""

from __future__ import annotations

from dataclasses import dataclass

from shared.embedding.embedder import EmbedderSpec, Pooling, Precision
from shared.embedding.images import Resize
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.model.core_samples import Metric
from training.network.weights import GRAPH_SHA256


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. eps None means: choose it from the pictures."""

    name: str
    eps: float | None = None
    min_samples: int = 3
    metric: Metric = "cosine"
    pooling: Pooling = "avg"
    resize: Resize = "antialias"
    precision: Precision = "float32"
    graph_sha256: str = GRAPH_SHA256
    """Each int8 graph has its own: training.model.calibration.choose_graph fills it in."""

    def spec(self) -> EmbedderSpec:
        """The embedder that these options ask for."""
        return EmbedderSpec(
            weights_sha256=WEIGHTS_SHA256,
            graph_sha256=self.graph_sha256,
            pooling=self.pooling,
            resize=self.resize,
            precision=self.precision,
        )
