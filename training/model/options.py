"""How to train: everything that a person can choose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from shared.embedding.embedder import EmbedderSpec, Pooling, Precision
from shared.embedding.images import Resize
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.model.core_samples import Metric
from training.clustering.clusters import Parameters
from training.network.weights import GRAPH_SHA256

# Cosine distance to the nearest other core sample, of half the pictures of a group, beyond which it is none. On eight
# labelled sets 19 groups of 20 are nearer than 0.37 (R-MAC), 0.35 (max), 0.43 (avg), 0.77 (flatten); of those found in
# collections of unrelated pictures, one of each kind, half are farther than 0.48, 0.46, 0.58 and 0.84, and 19 of 20
# farther than 0.38, 0.35, 0.38 and 0.71. (Half of the groups of the widest kinds of photographs are beyond 0.39.)
_LOOSEST: Mapping[Pooling, float] = {"rmac": 0.46, "max": 0.42, "avg": 0.52, "flatten": 0.82}


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. None means: choose it from the pictures."""

    name: str
    neighbours: int | None = None
    """Of each picture, by which distances are told; 0 for plain DBSCAN, which an eps given alone means too."""
    eps: float | None = None
    min_samples: int = 3
    metric: Metric = "cosine"
    pooling: Pooling = "rmac"
    resize: Resize = "antialias"
    precision: Precision = "float32"
    graph_sha256: str = GRAPH_SHA256
    """Each int8 graph has its own: training.model.calibration.choose_graph fills it in."""

    def parameters(self) -> Parameters:
        """How groups are found. What is chosen by hand is not doubted: then no group is too loose."""
        doubted = self.metric == "cosine" and self.eps is None
        loosest = _LOOSEST[self.pooling] if doubted else math.inf
        return Parameters(self.neighbours, self.eps, self.min_samples, self.metric, loosest)

    def spec(self) -> EmbedderSpec:
        """The embedder that these options ask for."""
        return EmbedderSpec(
            weights_sha256=WEIGHTS_SHA256,
            graph_sha256=self.graph_sha256,
            pooling=self.pooling,
            resize=self.resize,
            precision=self.precision,
        )
