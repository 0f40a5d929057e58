"""Open a trained bundle where it lies, for the commands that look at it or use it."""

from __future__ import annotations

from pathlib import Path

from shared.embedding.embedder import EmbedderSpec
from shared.model.bundle import Bundle, read_bundle
from shared.model.model import Model, open_model
from shared.stores.graphs import checked_graph
from training.network.weights import GRAPH_SHA256, export_graph
from training.progress import Say


def open_trained(folder: Path, say: Say) -> tuple[Bundle, Model]:
    """Read a bundle and assemble its model; the float32 graph is made beside it where it is missing.

    Raises shared.model.bundle.BundleError, shared.embedding.vgg16.WeightsError.
    """
    bundle = read_bundle(folder)
    return bundle, open_model(bundle, open_graph(bundle.manifest.embedder, folder.parent, say))


def open_graph(spec: EmbedderSpec, root: Path, say: Say) -> Path:
    """The graph under `root` that a spec names; the float32 one is made where it is missing.

    Raises shared.model.bundle.BundleError, shared.embedding.vgg16.WeightsError.
    """
    return export_graph(root, say) if spec.graph_sha256 == GRAPH_SHA256 else checked_graph(root, spec.graph_sha256)
