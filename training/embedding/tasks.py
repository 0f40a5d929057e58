"""What an engine's workers do for embeddings: read some pictures by themselves and embed them.

A task holds where the pictures are, never their bytes and no credentials. The graph comes once to each worker, which
verifies it by its digest and opens it once a process.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.digests import sha256
from shared.embedding.embedder import Embedder, EmbedderSpec, open_embedder
from shared.embedding.images import Picture, PictureError
from shared.embedding.pipeline import Outcome, embed_each
from shared.pictures.source import Source
from training.engine import EngineError, check_toolchain, threads_of_this_worker


@dataclass(frozen=True, slots=True)
class Job:
    """How to embed: the same for all tasks of a run."""

    spec: EmbedderSpec
    toolchain: Mapping[str, str]
    """That of the process which asks: vectors that were made otherwise can't be compared with its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker says of one picture."""

    content: str
    """SHA-256 of the picture's bytes; "" where they could not be read."""
    outcome: Outcome


def embed_some(graph: NDArray[np.uint8], job: Job, sources: Sequence[Source]) -> list[Answer]:
    """Embed some pictures, given the bytes of the graph. Raises EngineError, shared.stores.base.StoreError."""
    check_toolchain(job.toolchain)
    embedder = _embedder(graph, job.spec)
    digests: dict[str, str] = {}

    def read(source: Source) -> Picture:
        content = source.content()
        digests[source.name] = sha256(content)
        return embedder.picture(content)

    found = embed_each(embedder, sources, read, PictureError)
    return [Answer(digests.get(source.name, ""), outcome) for source, outcome in found]


_opened: dict[EmbedderSpec, Embedder] = {}
_opening = threading.Lock()


def _embedder(graph: NDArray[np.uint8], spec: EmbedderSpec) -> Embedder:
    """The embedder of this process, opened by whichever task comes first; a worker keeps only the last one."""
    with _opening:
        if spec not in _opened:
            _opened.clear()
            _opened[spec] = _open(graph, spec)
        return _opened[spec]


def _open(graph: NDArray[np.uint8], spec: EmbedderSpec) -> Embedder:
    content = memoryview(np.ascontiguousarray(graph))
    found = hashlib.sha256(content).hexdigest()
    if found != spec.graph_sha256:
        raise EngineError(f"a graph came damaged (its SHA-256 is {found}, not {spec.graph_sha256}): run it again")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{found}.onnx"
        path.write_bytes(content)
        return open_embedder(spec, path, threads=threads_of_this_worker())
