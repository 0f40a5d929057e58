"""Where exported graphs are in a store or a folder of models, and whether one is whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from shared.model.bundle import BundleError
from shared.model.model_name import EMBEDDERS


def graph_key(digest: str) -> str:
    return f"{EMBEDDERS}/{digest}.onnx"


def graph_path(root: Path, digest: str) -> Path:
    """Where the exported graph of this digest belongs in a folder of models."""
    return root / graph_key(digest)


def checked_graph(root: Path, digest: str) -> Path:
    """The path of a graph that is there and whole. Raises BundleError."""
    path = graph_path(root, digest)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise BundleError(
            f"{path} is missing: `python -m training weights` makes it, or, if it is a model's own in int8, fetch that "
            "model or train it again"
        ) from None
    if found != digest:
        raise BundleError(
            f"{path} is damaged (its SHA-256 is {found}): delete it and run `python -m training weights`, or, if it is "
            "a model's own in int8, fetch that model or train it again"
        )
    return path
