"""Azure AI Search's custom-skill contract: a request's bytes to records, answers to a response's bytes.

https://learn.microsoft.com/azure/search/cognitive-search-custom-skill-interface. What makes a whole request unusable
raises RequestError; what is wrong with one record stays with that record.
"""

from __future__ import annotations

import base64
import json
import logging
import string
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

log = logging.getLogger(__name__)

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None


# A value of 3 bytes, such as {}, takes 70 in memory, and there is no end to them in a body of 100 MB. A picture comes
# with a dozen values, and in base64 is none of these marks: this is room for 30,000 pictures in a request.
_MARKS = (b",", b"[", b"{")
_MAX_MARKS = 400_000

_STANDARD = bytes.maketrans(b"-_", b"+/")  # the URL-safe alphabet of base64, to the usual one


class RequestError(ValueError):
    """The whole request is refused, with this HTTP status and message."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


class RecordError(ValueError):
    """One record can't be answered. The message goes to AI Search, which shows it beside the document."""


@dataclass(frozen=True, slots=True)
class Record:
    """One value of a request. `images` are base64 texts, or what is wrong with one; `error` says why there are none."""

    record_id: str
    images: tuple[str | RecordError, ...] = ()
    is_list: bool = False
    category: str | None = None
    path: str = ""
    """Where the picture is, as far as the request tells."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One value of a response. Beside an error, data is dropped: AI Search ignores it there."""

    record_id: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    error: str | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "recordId": self.record_id,
            "data": {} if self.error else dict(self.data),
            "errors": [{"message": self.error}] if self.error else [],
            "warnings": [{"message": warning} for warning in self.warnings],
        }


def parse_request(body: bytes, *, max_records: int) -> list[Record]:
    """The records of a request, each recordId once, in order of first appearance.

    Raises RequestError when the body is not `{"values": [...]}`, a value has no recordId (it could not be answered) or
    one that is not Unicode text, or there are more than max_records.
    """
    values = _values(body)
    if len(values) > max_records:
        raise RequestError(
            f"{len(values)} records in one request, over the limit of {max_records}: lower the skill's batchSize",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    ids = [_record_id(value, position) for position, value in enumerate(values)]
    repeats = Counter(ids)
    records: dict[str, Record] = {}
    for record_id, value in zip(ids, values, strict=True):
        if repeats[record_id] > 1:
            error = f"recordId {record_id!r} stands {repeats[record_id]} times in this request"
            records[record_id] = Record(record_id, error=error)
        else:
            records[record_id] = _record(record_id, cast("dict[str, Json]", value))
    return list(records.values())


def render_response(answers: Iterable[Answer]) -> bytes:
    """The body of a response. An answer that JSON can't hold, one with a NaN say, becomes an error of its record."""
    return f'{{"values": [{", ".join(map(_render, answers))}]}}'.encode()


def _render(answer: Answer) -> str:
    try:
        return json.dumps(answer.to_json(), allow_nan=False)
    except (ValueError, TypeError) as error:
        log.exception("an answer can't be written as JSON")
        return json.dumps(Answer(answer.record_id, error=f"its answer can't be written as JSON: {error}").to_json())


def decode_base64(text: str) -> bytes:
    """Bytes of a base64 text, standard or URL-safe, with or without padding, line breaks or a data: prefix.

    Raises RecordError.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        compact = text.encode("ascii").translate(_STANDARD, delete=string.whitespace.encode()).rstrip(b"=")
        return base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
    except ValueError:  # binascii.Error and UnicodeEncodeError are
        raise RecordError("it is not base64") from None


def _values(body: bytes) -> list[Json]:
    if sum(body.count(mark) for mark in _MARKS) > _MAX_MARKS:
        raise RequestError(
            f"the body has more than {_MAX_MARKS:,} JSON values: lower the skill's batchSize",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    try:
        request: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RequestError(f"the body is not JSON: {reason}") from None
    values = request.get("values") if isinstance(request, dict) else None
    if not isinstance(values, list):
        raise RequestError('the body has no list "values": send {"values": [{"recordId": "1", "data": {...}}]}')
    return values


def _record_id(value: Json, position: int) -> str:
    record_id = value.get("recordId") if isinstance(value, dict) else None
    if not isinstance(record_id, str):
        raise RequestError(f"values[{position}] has no recordId (a string), so it could not be answered")
    try:
        record_id.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON readers take all of them for one character
        raise RequestError(
            f"values[{position}].recordId is {record_id!r}, which is not Unicode text, so it could not be answered"
        ) from None
    return record_id


def _record(record_id: str, value: Mapping[str, Json]) -> Record:
    try:
        data = value.get("data")
        if not isinstance(data, dict):
            raise RecordError("data is missing: it must be an object with the input images")
        images = data.get("images", data.get("image"))
        if images is None:
            raise RecordError("data.images is missing: map the skill's input images to /document/normalized_images/*")
        category = data.get("category")
        if category is not None and not isinstance(category, str):
            raise RecordError("data.category must be a string")
        path = data.get("path")
        is_list = isinstance(images, list)
        texts = tuple(map(_entry, images)) if isinstance(images, list) else (_base64_text(images),)
    except RecordError as error:
        return Record(record_id, error=str(error))
    # A path is only kept for others to read: one that can't be written is none, and costs the record nothing.
    return Record(record_id, texts, is_list, category, path if isinstance(path, str) and path.isprintable() else "")


def _entry(image: Json) -> str | RecordError:
    """One of several pictures: what is wrong with it costs its own entry."""
    try:
        return _base64_text(image)
    except RecordError:
        return RecordError("it is neither an image object with base64 in its field data nor a base64 string")


def _base64_text(image: Json) -> str:
    text = image.get("data") if isinstance(image, dict) else image
    if not isinstance(text, str):
        raise RecordError("data.images must be an image object with base64 in its field data, or a base64 string")
    return text
