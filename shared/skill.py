"""The skill itself: records in, answers out. HTTP and Azure Functions are someone else's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from shared.contract import Answer, Record, RecordError, decode_base64
from shared.images import MAX_PIXELS, Picture, PictureError
from shared.model import Assignment, Model, vector_list
from shared.pipeline import Vector, embed_each
from shared.stopwatch import Stopwatch

_DECIMALS = 6  # of distance and confidence: float32 carries no more


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
    return_vector: bool = False,
    clock: Stopwatch | None = None,
) -> list[Answer]:
    """Answer every record, in order. A record fails whole when one of its pictures can't be read.

    `clock` is told how long each stage took.
    """
    clock = clock or Stopwatch()
    work = [_Work(record, error=record.error) for record in records]
    pictures = ((item, text) for item in work if not item.error for text in item.record.images)

    def read(source: tuple[_Work, str]) -> Picture:
        return model.embedder.picture(decode_base64(source[1]), max_pixels=max_pixels)

    for (item, _), outcome in embed_each(model.embedder, pictures, read, (PictureError, RecordError), clock):
        if isinstance(outcome, Exception):
            item.error = item.error or _explain(item, outcome)
        else:
            item.vectors.append(outcome)
    with clock("assign"):
        return [_answer(model, item, return_vector=return_vector) for item in work]


def _explain(item: _Work, error: Exception) -> str:
    which = f"data.images[{len(item.vectors)}]" if item.record.is_list else "data.images"
    return f"{which} can't be read: {error}"


def _answer(model: Model, item: _Work, *, return_vector: bool) -> Answer:
    if item.error:
        return Answer(item.record.record_id, error=item.error)
    if not item.vectors:
        return Answer(item.record.record_id, _many([], [], model.version, return_vector=return_vector))
    vectors = np.stack(item.vectors)
    assignments = model.assign(vectors, item.record.category)
    if item.record.is_list:
        data = _many(assignments, item.vectors, model.version, return_vector=return_vector)
    else:
        data = _one(assignments[0], item.vectors[0], model.version, return_vector=return_vector)
    return Answer(item.record.record_id, data)


def _one(assignment: Assignment, vector: Vector, version: str, *, return_vector: bool) -> dict[str, object]:
    data: dict[str, object] = {
        "label": list(assignment.names),
        "clusterId": assignment.cluster,
        "distance": round(assignment.distance, _DECIMALS) if isfinite(assignment.distance) else None,
        "confidence": round(assignment.confidence, _DECIMALS),
        "suggestedLabel": list(assignment.suggested),
        "modelVersion": version,
    }
    return data | {"vector": vector_list(vector)} if return_vector else data


def _many(
    assignments: Sequence[Assignment], vectors: Sequence[Vector], version: str, *, return_vector: bool
) -> dict[str, object]:
    """A list of pictures: label is the union in order of appearance, the other outputs are parallel lists."""
    pictures = [_one(*pair, version, return_vector=return_vector) for pair in zip(assignments, vectors, strict=True)]
    names = dict.fromkeys(name for assignment in assignments for name in assignment.names)
    data: dict[str, object] = {"label": list(names)}
    for key in ("clusterId", "distance", "confidence", "suggestedLabel", *(["vector"] if return_vector else [])):
        data[key] = [each[key] for each in pictures]
    return data | {"modelVersion": version}
