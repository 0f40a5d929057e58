"""Embeddings by an engine's workers: what is handed out to them, and what becomes of their answers.

The cache stays in this process: it looks pictures up before, and writes down what comes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import delayed

from shared.embedding.embedder import Embedder
from shared.embedding.images import PictureError
from shared.embedding.pipeline import Outcome, Vector
from shared.pictures.source import Source
from training.embedding.cache import EmbeddingCache
from training.embedding.tasks import Answer, Job, embed_some
from training.engine import Call, Engine, EngineError, toolchain

# Pictures in a task: some two seconds of one processor's work, beside which handing it out is nothing. It is what a
# dying worker loses, and what progress moves on by.
_TASK = 8
# Pictures in a row that are known already and go along with a task, or make none, so that progress is shown.
_ALONG = 512


@dataclass(frozen=True, slots=True)
class Workers:
    """An engine to embed with, and the graph that its workers need: the embedder's own."""

    engine: Engine
    graph: Path


@dataclass(frozen=True, slots=True)
class _Looked:
    """A picture that was looked up in the cache."""

    source: Source
    fingerprint: str | None
    known: Vector | None


def embed_elsewhere(
    sources: Sequence[Source], embedder: Embedder, cache: EmbeddingCache | None, workers: Workers
) -> Generator[tuple[Source, Outcome]]:
    """Yield each source with its embedding, or the PictureError that says why there is none, in order.

    Raises EngineError, shared.stores.base.StoreError.
    """
    job = Job(embedder.spec, toolchain())
    graph = np.fromfile(workers.graph, dtype=np.uint8)
    handed: deque[list[_Looked]] = deque()

    def calls() -> Iterator[Call]:
        for task in _tasks(sources, cache):
            handed.append(task)
            if unknown := [looked.source for looked in task if looked.known is None]:
                yield delayed(embed_some)(graph, job, unknown)

    def known() -> Iterator[tuple[Source, Outcome]]:
        """What came before the next answer and needs none."""
        while handed and all(looked.known is not None for looked in handed[0]):
            yield from ((looked.source, looked.known) for looked in handed.popleft() if looked.known is not None)

    for answers in workers.engine.run(calls(), list[Answer], shared=[graph], ordered=True):
        yield from known()
        found = iter(answers)
        answered = [
            (looked, next(found) if looked.known is None else Answer("", looked.known)) for looked in handed.popleft()
        ]
        if cache is not None:
            cache.remember(
                (looked.fingerprint, answer.content, answer.outcome)
                for looked, answer in answered
                if looked.known is None and not isinstance(answer.outcome, Exception)
            )
        for looked, answer in answered:
            outcome = answer.outcome
            if isinstance(outcome, Exception):
                outcome = _second_opinion(looked.source, embedder, outcome)
            yield looked.source, outcome
    yield from known()


def _tasks(sources: Iterable[Source], cache: EmbeddingCache | None) -> Iterator[list[_Looked]]:
    task: list[_Looked] = []
    unknown = 0
    for source in sources:
        fingerprint = source.fingerprint()
        known = cache.by_fingerprint(fingerprint) if cache else None
        task.append(_Looked(source, fingerprint, known))
        unknown += known is None
        if unknown == _TASK or len(task) == _ALONG:
            yield task
            task, unknown = [], 0
    if task:
        yield task


def _second_opinion(source: Source, embedder: Embedder, found: Exception) -> PictureError:
    """Why a picture can't be read, if this process finds so, too. A worker that sees no folder would lose them all.

    Raises EngineError.
    """
    try:
        embedder.picture(source.content())
    except PictureError as error:
        return error
    raise EngineError(
        f"a worker says of {source.name}: {found}. Here it can be read: do all workers see the same pictures?"
    )
