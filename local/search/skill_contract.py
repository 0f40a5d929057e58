"""Is an answer what a custom skill must answer? Harder than the service: no violation passes.

https://learn.microsoft.com/azure/search/cognitive-search-custom-skill-web-api says what must be; the words are the
service's own where it is known to have some. Where it would drop or forgive, every record of the batch is failed here,
so that a skill that passes has nothing to be forgiven.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

INVALID = "Could not execute skill because Web Api skill response is invalid."
CONTAINS_ERRORS = "Could not execute skill. WebApi skill response contains errors."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a skill answered for one record: data, or why there is none."""

    data: dict[str, Any]
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class InvalidAnswerError(Exception):
    """The whole answer can't be used."""


def read_answer(content_type: str, body: bytes, asked: Collection[str]) -> dict[str, Answer]:
    """The answers by recordId, one for each that was asked. Raises InvalidAnswerError, naming the first violation."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise InvalidAnswerError(
            f"Web Api response has invalid content type '{content_type}'. Expected 'application/json'"
        )
    try:
        parsed: Any = json.loads(body)
    except ValueError as error:
        raise InvalidAnswerError(f"Web Api response is not JSON: {error}") from error
    values = parsed.get("values") if isinstance(parsed, dict) else None
    if not isinstance(values, list):
        raise InvalidAnswerError("Web Api response has no list 'values'.")
    ids = [_record_id(value, position) for position, value in enumerate(values)]
    for record_id, times in Counter(ids).items():
        if times > 1:
            raise InvalidAnswerError(f"Web Api response contains the record id '{record_id}' {times} times.")
        if record_id not in asked:
            raise InvalidAnswerError(
                f"Web Api response contains data properties for a record with invalid id '{record_id}'"
            )
    for record_id in asked:
        if record_id not in ids:
            raise InvalidAnswerError(f"Web Api response does not contain a record with the id '{record_id}'.")
    return {record_id: _answer(record_id, value) for record_id, value in zip(ids, values, strict=True)}


def _record_id(value: object, position: int) -> str:
    record_id = value.get("recordId") if isinstance(value, dict) else None
    if not isinstance(record_id, str):
        raise InvalidAnswerError(f"Web Api response contains a record without a record id (a string) at {position}.")
    return record_id


def _answer(record_id: str, value: dict[str, Any]) -> Answer:
    data = value.get("data")
    if not isinstance(data, dict):
        raise InvalidAnswerError(f"Web Api response has no object 'data' for the record '{record_id}'.")
    for name in ("errors", "warnings"):
        if name not in value:
            raise InvalidAnswerError(f"Web Api response has no '{name}' for the record '{record_id}'.")
    unknown = value.keys() - {"recordId", "data", "errors", "warnings"}
    if unknown:
        raise InvalidAnswerError(f"Web Api response has unknown properties {sorted(unknown)} for '{record_id}'.")
    errors, warnings = (
        _messages(record_id, "errors", value["errors"]),
        _messages(record_id, "warnings", value["warnings"]),
    )
    if data and errors:
        messages = ";".join(errors)
        raise InvalidAnswerError(f"Web Api response contains both data and errors. Will not process Data.;{messages}")
    return Answer(data, errors, warnings)


def _messages(record_id: str, name: str, given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise InvalidAnswerError(f"Web Api response has '{name}' that are no list for the record '{record_id}'.")
    for item in given:
        if not isinstance(item, dict) or not isinstance(item.get("message"), str):
            raise InvalidAnswerError(
                f"Web Api response has '{name}' that are no objects with a message for the record '{record_id}'."
            )
    return tuple(item["message"] for item in given)
