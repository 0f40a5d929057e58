"""The skill itself: records in, answers out. HTTP and Azure Functions are someone else's business."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import cast

import numpy as np

from shared.deadline import Deadline
from shared.embedding.images import MAX_PIXELS, Picture, PictureError
from shared.embedding.pipeline import LateError, NoMemoryError, Vector, embed_each
from shared.model.core_samples import NOISE
from shared.model.model import Assignment, Model, vector_list
from shared.printable import printable
from shared.serving.contract import Answer, Record, RecordError, decode_base64
from shared.stopwatch import Stopwatch

log = logging.getLogger(__name__)

_DECIMALS = 6  # of distance and confidence: float32 carries no more
_PARALLEL = ("clusterId", "distance", "confidence", "suggestedLabel", "suggestedConfidence")


# What stands in the parallel lists for a picture that can't be read: types as everywhere, since AI Search takes no null
# into a collection. The record's warnings say which pictures these are.
_UNREAD: Mapping[str, object] = {
    "label": [],
    "clusterId": NOISE,
    "distance": None,
    "confidence": 0.0,
    "suggestedLabel": [],
    "suggestedConfidence": 0.0,
    "vector": [],
}


# A record with more of them is given up: 390,000 attempts at nothing took 30 s.
_MOST_UNREAD = 100


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What a deployment may ask for."""

    return_vector: bool = False
    """Add each picture's embedding as `vector`."""
    label_near_misses: bool = False
    """Put the names suggested for a near miss into `label` too."""
    unclustered: Callable[[Record, Vector], None] | None = None
    """Told of every picture that is in no group."""


@dataclass(slots=True)
class _Work:
    """A record and what has been found of its pictures so far."""

    record: Record
    vectors: list[Vector | None] = field(default_factory=list["Vector | None"])
    """None for a picture of a list that can't be read."""
    warnings: dict[int, str] = field(default_factory=dict[int, str])
    """By the picture's place in the list."""
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
    """Answer every record, in order. A record fails whole when none of its pictures can be read, or one not in time.

    `clock` records how long each stage took. Whatever else is raised over a record is that record's error, and logged;
    only a lack of memory that smaller batches don't cure is raised, as MemoryError.
    """
    clock = clock or Stopwatch()
    deadline = deadline or Deadline()
    work = [_Work(record, error=record.error) for record in records]
    pictures = ((item, place) for item in work for place in range(len(item.record.images)) if not item.error)

    def read(source: tuple[_Work, int]) -> Picture:
        item, place = source
        text = item.record.images[place]
        if isinstance(text, RecordError):
            raise text

        def warn(warning: str) -> None:
            item.warnings[place] = f"{_which(item, place)}: {warning}"

        return model.embedder.picture(decode_base64(text), max_pixels=max_pixels, warn=warn)

    expected = (PictureError, RecordError)
    bugs = _Bugs()
    for (item, _), outcome in embed_each(model.embedder, pictures, read, expected, clock, deadline, bugs.report):
        if not isinstance(outcome, Exception):
            item.vectors.append(outcome)
        elif isinstance(outcome, expected) and len(item.record.images) > 1:
            item.warnings[len(item.vectors)] = _explain(item, outcome, deadline)
            item.vectors.append(None)
            if len(item.warnings) >= _MOST_UNREAD:
                item.error = next(iter(item.warnings.values()))
        else:
            item.error = item.error or _explain(item, outcome, deadline)
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


def _which(item: _Work, place: int) -> str:
    return f"data.images[{place}]" if item.record.is_list else "data.images"


def _explain(item: _Work, error: Exception, deadline: Deadline) -> str:
    which = _which(item, len(item.vectors))
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
    warnings = tuple(warning for _, warning in sorted(item.warnings.items()))
    if item.vectors and all(vector is None for vector in item.vectors):
        item.error = item.error or "; ".join(warnings)
    if not item.error:
        try:
            return Answer(item.record.record_id, _data(model, item, options), warnings=warnings)
        except Exception as error:  # whatever it is, the other records are answered
            item.error = f"it can't be answered because {bugs.report(error)}"
    return Answer(item.record.record_id, error=item.error)


def _data(model: Model, item: _Work, options: AnswerOptions) -> dict[str, object]:
    read = [vector for vector in item.vectors if vector is not None]
    vectors = np.stack(read) if read else np.empty((0, model.embedder.spec.dimensions), np.float32)
    found = model.assign(vectors, item.record.category)
    if options.unclustered:
        for assignment, vector in zip(found, read, strict=True):
            if assignment.cluster == NOISE:
                options.unclustered(item.record, vector)
    assignments = iter(found)
    pictures = [
        dict(_UNREAD) if vector is None else _one(next(assignments), vector, options) for vector in item.vectors
    ]
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
