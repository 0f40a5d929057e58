"""Calls of a custom skill: batches, parallel calls, the time limit and the retries that the service documents."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from itertools import batched
from typing import Any

import httpx

from local.search.skill_contract import CONTAINS_ERRORS, INVALID, Answer, InvalidAnswerError, read_answer

RETRIED = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
RETRIES = 2
MAX_ANSWER_BYTES = 150_000_000
"""https://learn.microsoft.com/azure/search/cognitive-search-custom-skill-scale: 150 MB or less."""

_REQUEST_FAILED = "Could not execute skill because the Web Api request failed."
# How long the service waits before it tries again is not documented; it is not long, and Retry-After is not mentioned.
_RETRY_PAUSE_SECONDS = 1.0
_DURATION = re.compile(r"P(?:T(?:(\d+)M)?(?:(\d+)S)?)")


@dataclass(frozen=True, slots=True)
class Record:
    """One record for a skill."""

    record_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record has no answer, as the indexer's history tells it."""

    message: str
    details: str


class WebApiSkill:
    """One custom skill of a skillset."""

    def __init__(
        self,
        definition: dict[str, Any],
        *,
        retry_pause: float = _RETRY_PAUSE_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._uri: str = definition["uri"]
        self._method: str = definition.get("httpMethod") or "POST"
        self._headers: dict[str, str] = definition.get("httpHeaders") or {}
        self._batch: int = definition.get("batchSize") or 1000
        self._parallel: int = definition.get("degreeOfParallelism") or 5
        self._limit = _seconds(definition.get("timeout") or "PT30S")
        self._retry_pause = retry_pause
        self._max_answer_bytes = max_answer_bytes

    def run(self, records: Sequence[Record]) -> dict[str, Answer | Failure]:
        """An answer, or why there is none, for every record."""
        with httpx.Client() as client, ThreadPoolExecutor(self._parallel) as threads:
            calls = [threads.submit(self._call, client, batch) for batch in batched(records, self._batch, strict=False)]
            return {record_id: outcome for call in calls for record_id, outcome in call.result().items()}

    def _call(self, client: httpx.Client, batch: Sequence[Record]) -> dict[str, Answer | Failure]:
        asked = [record.record_id for record in batch]
        failure = Failure(_REQUEST_FAILED, "")
        for attempt in range(1 + RETRIES):
            if attempt:
                time.sleep(self._retry_pause)
            outcome = self._attempt(client, batch, asked)
            if isinstance(outcome, dict):
                return {record_id: _failed(answer) or answer for record_id, answer in outcome.items()}
            failure, passing = outcome
            if not passing:
                break
        return dict.fromkeys(asked, failure)

    def _attempt(
        self, client: httpx.Client, batch: Sequence[Record], asked: Sequence[str]
    ) -> dict[str, Answer] | tuple[Failure, bool]:
        """The answers, or the failure and whether it is one that the service tries again after."""
        values = [{"recordId": record.record_id, "data": record.data} for record in batch]
        until = time.monotonic() + self._limit
        try:
            with client.stream(
                self._method, self._uri, json={"values": values}, headers=self._headers, timeout=self._limit
            ) as response:
                body = self._body(response, until)
        except (httpx.TimeoutException, TimeoutError):
            return self._too_late(), False
        except httpx.TransportError as error:  # on Azure the front end answers for an app that is down, with 502 or 503
            return Failure(_REQUEST_FAILED, f"Web Api response status: 'none', details: '{error}'"), True
        except InvalidAnswerError as error:
            return Failure(INVALID, str(error)), False
        status = response.status_code
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            excerpt = body[:500].decode(errors="replace")
            details = f"Web Api response status: '{status}', Web Api response details: '{excerpt}'"
            return Failure(_REQUEST_FAILED, details), status in RETRIED
        try:
            return read_answer(response.headers.get("content-type", ""), body, asked)
        except InvalidAnswerError as error:
            return Failure(INVALID, str(error)), False

    def _body(self, response: httpx.Response, until: float) -> bytes:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if time.monotonic() > until:
                raise TimeoutError
            if len(body) > self._max_answer_bytes:
                raise InvalidAnswerError(f"Web Api response is longer than {self._max_answer_bytes:,} bytes.")
        return bytes(body)

    def _too_late(self) -> Failure:
        limit = time.strftime("%H:%M:%S", time.gmtime(self._limit))
        return Failure(
            f"Could not execute skill because it did not execute within the time limit '{limit}'. This is likely "
            "transient. Please try again later. For custom skills, consider increasing the 'timeout' parameter on your "
            "skill in the skillset.",
            "",
        )


def _failed(answer: Answer) -> Failure | None:
    return Failure(CONTAINS_ERRORS, ";".join(answer.errors)) if answer.errors else None


def _seconds(duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f"{duration!r} is not a duration such as PT60S")
    return int(match[1] or 0) * 60 + int(match[2] or 0)
