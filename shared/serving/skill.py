"""The skill itself: records in, answers out. HTTP and Azure Functions are someone else's business."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import cast

import numpy as np

from shared.deadline import Deadline
from shared.embedding.images import MAX_PIXELS, Picture, PictureError
from shared.embedding.pipeline import LateError, NoMemoryError, Vector, embed_each
from shared.model.model import Assignment, Model, vector_list
from shared.printable import printable
from shared.serving.contract import Answer, Record, RecordError, decode_base64
from shared.stopwatch import Stopwatch

log = logging.getLogger(__name__)

_DECIMALS = 6  # of distance and confidence: float32 carries no more
_PARALLEL = ("clusterId", "distance", "confidence", "suggestedLabel", "suggestedConfidence")


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What a deployment may ask for."""

    return_vector: bool = False
    """Add each picture's embedding as `vector`."""
    label_near_misses: bool = False
    """Put the names suggested for a near miss into `label` too."""


@dataclass(slots=True)
class _Work:
    """A record and what has been found of its pictures so far."""

    record: Record
    vectors: list[Vector] = field(default_factory=list[Vector])
    error: str | None = None


def answer_records(
    model: Model,
    records: Sequence[Record],
    *,
    max_pixels: int = MAX_PIXELS,
    options: AnswerOptions = AnswerOptions(),
    clock: Stopwatch | None = None,
    deadline: Deadline | None = None,
) -> list[Answer]:
    """Answer every record, in order. A record fails whole when one of its pictures can't be read, or not in time.

    `clock` records how long each stage took. Whatever else is raised over a record is that record's error, and logged;
    only a lack of memory that smaller batches don't cure is raised, as MemoryError.
    """
    clock = clock or Stopwatch()
    deadline = deadline or Deadline()
    work = [_Work(record, error=record.error) for record in records]
    pictures = ((item, text) for item in work for text in item.record.images if not item.error)

    def read(source: tuple[_Work, str]) -> Picture:
        return model.embedder.picture(decode_base64(source[1]), max_pixels=max_pixels)

    expected = (PictureError, RecordError)
    bugs = _Bugs()
    for (item, _), outcome in embed_each(model.embedder, pictures, read, expected, clock, deadline, bugs.report):
        if isinstance(outcome, Exception):
            item.error = item.error or _explain(item, outcome, deadline)
        else:
            item.vectors.append(outcome)
    with clock("assign"):
        return [_answer(model, item, options, bugs) for item in work]


class _BugError(RuntimeError):
    """Something went wrong that nobody foresaw."""


class _Bugs:
    """What nobody foresaw in one request: each cause is logged once, however many records it costs."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def report(self, error: Exception) -> Exception:
        """What stands for the error in an answer. Raises MemoryError, for the whole request to be tried again."""
        if isinstance(error, MemoryError):
            raise error
        kind = type(error).__name__
        cause = printable(f"{kind}: {error}")
        if cause not in self._logged:
            self._logged.add(cause)
            log.error("a record can't be answered: %s", cause, exc_info=error)
        return _BugError(f"of an error in the skill itself ({kind}), which its log explains")


def _explain(item: _Work, error: Exception, deadline: Deadline) -> str:
    which = f"data.images[{len(item.vectors)}]" if item.record.is_list else "data.images"
    if isinstance(error, LateError):
        return (
            f"{which} was not reached within {deadline.seconds:g} s: lower the skill's batchSize, or raise its timeout "
            "and the app setting MAX_REQUEST_SECONDS"
        )
    if isinstance(error, NoMemoryError):
        return f"{which} can't be answered: {error}"
    if isinstance(error, _BugError):
        return f"{which} can't be answered because {error}"
    return f"{which} can't be read: {error}"


def _answer(model: Model, item: _Work, options: AnswerOptions, bugs: _Bugs) -> Answer:
    if not item.error:
        try:
            return Answer(item.record.record_id, _data(model, item, options))
        except Exception as error:  # whatever it is, the other records are answered
            item.error = f"it can't be answered because {bugs.report(error)}"
    return Answer(item.record.record_id, error=item.error)


def _data(model: Model, item: _Work, options: AnswerOptions) -> dict[str, object]:
    vectors = np.stack(item.vectors) if item.vectors else np.empty((0, model.embedder.spec.dimensions), np.float32)
    assignments = model.assign(vectors, item.record.category)
    pictures = [_one(assignment, vector, options) for assignment, vector in zip(assignments, vectors, strict=True)]
    data = _together(pictures, options) if item.record.is_list else pictures[0]
    return data | {"modelVersion": model.version}


def _one(assignment: Assignment, vector: Vector, options: AnswerOptions) -> dict[str, object]:
    names = assignment.names or (assignment.suggested if options.label_near_misses else ())
    data: dict[str, object] = {
        "label": list(names),
        "clusterId": assignment.cluster,
        "distance": round(assignment.distance, _DECIMALS) if isfinite(assignment.distance) else None,
        "confidence": round(assignment.confidence, _DECIMALS),
        "suggestedLabel": list(assignment.suggested),
        "suggestedConfidence": round(assignment.suggested_confidence, _DECIMALS),
    }
    return data | {"vector": vector_list(vector)} if options.return_vector else data


def _together(pictures: Sequence[Mapping[str, object]], options: AnswerOptions) -> dict[str, object]:
    """The outputs of a list of pictures: label is the union in order of appearance, the others are parallel lists."""
    labels = [cast("list[str]", picture["label"]) for picture in pictures]
    data: dict[str, object] = {"label": list(dict.fromkeys(itertools.chain.from_iterable(labels)))}
    for output in (*_PARALLEL, *(["vector"] if options.return_vector else [])):
        data[output] = [picture[output] for picture in pictures]
    return data
