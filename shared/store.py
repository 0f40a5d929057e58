"""Where models live: `<root>/embedders/<sha256>.onnx` for all, and a folder for each model beside them."""

from __future__ import annotations

from pathlib import Path

from shared.bundle import BundleError, sha256

EMBEDDERS = "embedders"


def graph_path(root: Path, digest: str) -> Path:
    """Where the exported graph of this digest belongs."""
    return root / EMBEDDERS / f"{digest}.onnx"


def checked_graph(root: Path, digest: str) -> Path:
    """The path of a graph that is there and whole. Raises BundleError."""
    path = graph_path(root, digest)
    try:
        found = sha256(path.read_bytes())
    except FileNotFoundError:
        raise BundleError(f"{path} is missing: `python -m training weights` makes it") from None
    if found != digest:
        raise BundleError(f"{path} is damaged (its SHA-256 is {found}): delete it and run `python -m training weights`")
    return path
