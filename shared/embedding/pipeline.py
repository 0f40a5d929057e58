"""Many pictures to embeddings, in order and in bounded memory: decoding runs ahead on threads while the network works.

Training feeds it files, serving feeds it records; this is the only loop there is over decode and embed.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from math import inf
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from shared.deadline import Deadline
from shared.embedding.embedder import BATCH, Embedder
from shared.embedding.images import Picture
from shared.errors import UserError, without_frames
from shared.stopwatch import Stopwatch

type Vector = NDArray[np.float32]
type Outcome = Vector | Exception
type _Read = Picture | CachedEmbedding | Exception

# Enough decoded pictures (170 KB each) waiting that the network never does; full-size pictures live only in the
# threads that decode them, so this number does not grow memory by more than a few megabytes.
PREFETCH = 4 * BATCH

# A picture is waited for until this long before the deadline: enough to embed PREFETCH pictures behind it, which are
# decoded by then (1.8 s on two cores). So one picture that decodes slowly costs itself its answer and no other.
_RESERVE_SECONDS = 2.0


class LateError(UserError):
    """The deadline came before this picture was decoded or embedded."""


class NoMemoryError(UserError):
    """There is not even memory enough to embed this picture alone."""


@dataclass(frozen=True, slots=True)
class CachedEmbedding:
    """What `read` returns where the embedding is known already, from a cache say."""

    vector: Vector


def embed_each[Source](
    embedder: Embedder,
    sources: Iterable[Source],
    read: Callable[[Source], Picture | CachedEmbedding],
    expected: type[Exception] | tuple[type[Exception], ...],
    clock: Stopwatch | None = None,
    deadline: Deadline | None = None,
    unexpected: Callable[[Exception], Exception] | None = None,
) -> Generator[tuple[Source, Outcome]]:
    """Yield each source with its embedding, or with the expected exception that reading it raised.

    `read` runs on several threads. Any other exception, from there or from the network, becomes what `unexpected` makes
    of it; without that, or raised by it, it ends the iteration and is raised here. Exceptions that are yielded have no
    frames. `clock` records how long the stages decode and embed took. What the deadline leaves no time for comes with a
    LateError: a batch is begun only where the slowest one so far would end in time. What memory does not suffice for,
    after a batch has been halved to one, comes with a NoMemoryError.
    """
    clock = clock or Stopwatch()
    deadline = deadline or Deadline()

    def attempt(source: Source) -> _Read:
        try:
            with clock("decode"):
                return read(source)
        except expected as error:
            return without_frames(error)
        except Exception as error:
            if unexpected is None:
                raise
            return without_frames(unexpected(error))

    slowest = 0.0  # seconds that a batch took, the wait for its turn at the network included
    for chunk in itertools.batched(_decoded(sources, attempt, deadline), BATCH, strict=False):
        pictures = [outcome for _, outcome in chunk if isinstance(outcome, np.ndarray)]
        started = perf_counter()
        with clock("embed"):
            in_time = deadline.left() > slowest
            vectors = iter(_embed(embedder, pictures, unexpected) if in_time else [LateError()] * len(pictures))
        slowest = max(slowest, perf_counter() - started)
        for source, outcome in chunk:
            if isinstance(outcome, CachedEmbedding):
                yield source, outcome.vector
            else:
                yield source, outcome if isinstance(outcome, Exception) else next(vectors)


def _embed(
    embedder: Embedder, pictures: Sequence[Picture], unexpected: Callable[[Exception], Exception] | None
) -> list[Outcome]:
    try:
        return list(embedder.embed(pictures))
    except MemoryError:
        if len(pictures) == 1:
            return [NoMemoryError("there is not enough memory to embed it")]
    except Exception as error:
        if unexpected is None:
            raise
        if len(pictures) == 1:
            return [without_frames(unexpected(error))]
    half = len(pictures) // 2
    return _embed(embedder, pictures[:half], unexpected) + _embed(embedder, pictures[half:], unexpected)


def _decoded[Source](
    sources: Iterable[Source], attempt: Callable[[Source], _Read], deadline: Deadline
) -> Iterator[tuple[Source, _Read]]:
    waiting: deque[tuple[Source, Future[_Read]]] = deque()

    def first() -> tuple[Source, _Read]:
        source, future = waiting.popleft()
        wait([future], _timeout(deadline))
        if future.done():
            return source, future.result()
        future.cancel()
        return source, LateError()

    try:
        for source in sources:
            begin = _timeout(deadline) != 0
            waiting.append((source, _threads().submit(attempt, source) if begin else _too_late()))
            if len(waiting) >= PREFETCH:
                yield first()
        while waiting:
            yield first()
    finally:
        for _, future in waiting:
            future.cancel()


def _timeout(deadline: Deadline) -> float | None:
    """Seconds for which a picture is still waited for; None for as long as it takes."""
    left = deadline.left()
    return None if left == inf else max(0.0, left - _RESERVE_SECONDS)


@cache
def _too_late() -> Future[_Read]:
    future: Future[_Read] = Future()
    future.set_result(LateError())
    return future


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.process_cpu_count(), thread_name_prefix="decode")
