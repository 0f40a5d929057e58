"""Many pictures to embeddings, in order and in bounded memory: decoding runs ahead on threads while the network works.

Training feeds it files, serving feeds it records; this is the only loop there is over decode and embed.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from shared.embedder import BATCH, Embedder
from shared.images import Picture
from shared.stopwatch import Stopwatch

type Vector = NDArray[np.float32]
type Outcome = Vector | Exception
type _Read = Picture | Known | Exception

# Enough decoded pictures (170 KB each) waiting that the network never does; full-size pictures live only in the
# threads that decode them, so this number does not grow memory by more than a few megabytes.
AHEAD = 4 * BATCH


@dataclass(frozen=True, slots=True)
class Known:
    """What `read` returns where the embedding is known already, from a cache say."""

    vector: Vector


def embed_each[Source](
    embedder: Embedder,
    sources: Iterable[Source],
    read: Callable[[Source], Picture | Known],
    expected: type[Exception] | tuple[type[Exception], ...],
    clock: Stopwatch | None = None,
) -> Generator[tuple[Source, Outcome]]:
    """Yield each source with its embedding, or with the expected exception that reading it raised.

    `read` runs on several threads. Any other exception ends the iteration and is raised here. `clock` is told how long
    the stages decode and embed took.
    """
    clock = clock or Stopwatch()

    def attempt(source: Source) -> _Read:
        try:
            with clock("decode"):
                return read(source)
        except expected as error:
            return error

    for chunk in itertools.batched(_decoded(sources, attempt), BATCH, strict=False):
        with clock("embed"):
            vectors = iter(embedder.embed([outcome for _, outcome in chunk if isinstance(outcome, np.ndarray)]))
        for source, outcome in chunk:
            if isinstance(outcome, Known):
                yield source, outcome.vector
            else:
                yield source, outcome if isinstance(outcome, Exception) else next(vectors)


def _decoded[Source](sources: Iterable[Source], attempt: Callable[[Source], _Read]) -> Iterator[tuple[Source, _Read]]:
    waiting: deque[tuple[Source, Future[_Read]]] = deque()
    try:
        for source in sources:
            waiting.append((source, _threads().submit(attempt, source)))
            if len(waiting) >= AHEAD:
                yield waiting[0][0], waiting.popleft()[1].result()
        while waiting:
            yield waiting[0][0], waiting.popleft()[1].result()
    finally:
        for _, future in waiting:
            future.cancel()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="decode")
