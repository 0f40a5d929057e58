"""Sources to embeddings: what the cache does not know is decoded and embedded, streaming, in a stable order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.digests import sha256
from shared.embedding.embedder import Embedder, Vectors
from shared.embedding.images import Picture, PictureError
from shared.embedding.pipeline import CachedEmbedding, Outcome, Vector, embed_each
from shared.errors import UserError
from shared.pictures.source import Source
from training.embedding.cache import EmbeddingCache
from training.embedding.workers import Workers, embed_elsewhere
from training.progress import Show

# What a killed run loses at the most: some four seconds of work. Each commit waits for the disk.
_COMMIT = 32


class NothingReadableError(UserError):
    """Not one of the pictures could be read."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The pictures that could be read, with their embeddings, and those that could not, with the reason."""

    names: tuple[str, ...]
    vectors: Vectors
    """Shape (len(names), dimensions)."""
    skipped: dict[str, str]


def embed_pictures(
    sources: Sequence[Source],
    embedder: Embedder,
    cache: EmbeddingCache | None,
    advance: Callable[[int], None] = lambda steps: None,
    workers: Workers | None = None,
) -> Embedded:
    """Embed each picture once, streaming: no more than a few full-size pictures are in memory at any time.

    Raises NothingReadableError, and training.engine.EngineError where workers fail.
    """
    names: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    skipped: dict[str, str] = {}
    for source, outcome in embed_sources(sources, embedder, cache, workers):
        if isinstance(outcome, Exception):
            skipped[source.name] = str(outcome)
        else:
            names.append(source.name)
            vectors.append(outcome)
        advance(1)
    if not names:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in itertools.islice(skipped.items(), 3))
        raise NothingReadableError(f"none of the {len(skipped)} pictures could be read. {reasons}")
    return Embedded(tuple(names), np.stack(vectors), skipped)


def embed_with_cache(
    sources: Sequence[Source], embedder: Embedder, show: Show, task: str = "Embedding", workers: Workers | None = None
) -> Embedded:
    """`embed_pictures` with this checkout's cache, showing progress. Raises CacheError besides."""
    with closing(EmbeddingCache(embedder.spec)) as cache, show(task, len(sources)) as advance:
        return embed_pictures(sources, embedder, cache, advance, workers)


def embed_sources(
    sources: Sequence[Source], embedder: Embedder, cache: EmbeddingCache | None, workers: Workers | None = None
) -> Generator[tuple[Source, Outcome]]:
    """Yield each source with its embedding, or the PictureError that says why there is none.

    Workers know nothing of the cache: they get the pictures whose fingerprint it does not know. A file that was only
    moved is therefore embedded again by them, and not by this process.
    """
    if workers is None or workers.engine.here:
        return _here(sources, embedder, cache)
    return embed_elsewhere(sources, embedder, cache, workers)


def _here(
    sources: Sequence[Source], embedder: Embedder, cache: EmbeddingCache | None
) -> Generator[tuple[Source, Outcome]]:
    fresh: dict[str, tuple[str | None, str]] = {}

    def read(source: Source) -> Picture | CachedEmbedding:
        fingerprint = source.fingerprint()
        if cache is None:
            return embedder.picture(source.content())
        if (vector := cache.by_fingerprint(fingerprint)) is not None:
            return CachedEmbedding(vector)
        content = source.content()
        digest = sha256(content)
        # A file replaced while it was read: who puts the old one back, time and all, must not get this one's embedding.
        fresh[source.name] = (fingerprint if source.fingerprint() == fingerprint else None, digest)
        if (vector := cache.by_content(digest)) is not None:
            return CachedEmbedding(vector)
        return embedder.picture(content)

    learnt: list[tuple[str | None, str, Vector]] = []
    try:
        for source, outcome in embed_each(embedder, sources, read, PictureError):
            if not isinstance(outcome, Exception) and source.name in fresh:
                learnt.append((*fresh.pop(source.name), outcome))
            yield source, outcome
            if cache is not None and len(learnt) >= _COMMIT:
                cache.remember(learnt)
                learnt.clear()
    finally:
        if cache is not None and learnt:
            cache.remember(learnt)
