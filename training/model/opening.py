"""Open a trained bundle where it lies, for the commands that look at it or use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shared.model.bundle import Bundle, read_bundle
from shared.model.model import Model, open_model
from training.model.calibration import open_graph


def open_trained(folder: Path, say: Callable[[str], None]) -> tuple[Bundle, Model]:
    """Read a bundle and assemble its model; the float32 graph is made beside it where it is missing.

    Raises shared.model.bundle.BundleError, shared.embedding.vgg16.WeightsError.
    """
    bundle = read_bundle(folder)
    return bundle, open_model(bundle, open_graph(bundle.manifest.embedder, folder.parent, say))
