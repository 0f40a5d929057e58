"""Runs of the indexer: start one and wait for it, reset, and report what became of each document."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.exceptions import HttpResponseError
from azure.search.documents.indexes.models import IndexerExecutionResult

from infra.search.clients import Clients
from infra.search.gaps import missing
from infra.search.pictures import blob_name, touch
from shared.errors import UserError

_POLL_SECONDS = 1.0
# A service runs one indexer at a time for each of its units, and queues the others: one that others keep busy may let
# a run wait for as long as theirs takes, two hours where there are skills. Half an hour is a queue; more is a fault.
_STARTS_WITHIN_SECONDS = 1800.0


class RunError(UserError):
    """The indexer's run failed as a whole, or never started."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the indexer has to say about one document."""

    document: str
    """URL of the blob, or what the service names instead."""
    what: str
    details: str
    is_error: bool

    @property
    def file_name(self) -> str:
        return unquote(urlsplit(self.document).path.rpartition("/")[2]) or self.document


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of the indexer."""

    status: str
    started: datetime | None
    processed: int
    failed: int
    message: str | None = None
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def failed_documents(self) -> list[str]:
        return [finding.document for finding in self.findings if finding.is_error]


def last_run(clients: Clients) -> Run | None:
    """The latest run, which may be going on; None before the first. A reset is not a run."""
    past = history(clients)
    return past[0] if past else None


def history(clients: Clients) -> list[Run]:
    """The latest run, which may be going on, and those before it, as far as the service remembers."""
    status = clients.indexers.get_indexer_status(_indexer(clients))
    results = [status.last_result] if status.last_result else []
    results += [past for past in status.execution_history if not results or past.start_time != results[0].start_time]
    return [_read(result) for result in results if _status(result) != "reset"]


def run(
    clients: Clients,
    *,
    retry: bool = True,
    watch: Callable[[Run], None] | None = None,
    queued: Callable[[], None] | None = None,
    poll: float = _POLL_SECONDS,
) -> Iterator[Run]:
    """Run the indexer and wait for it. Yields the run that was going on already, if there was one, and then the own.

    With `retry`, the own run also reads again what runs before it failed on, and not only what has changed since.
    `watch` is told how a run gets on, `queued` that the own one has not started yet.
    Raises RunError when this run failed as a whole; single documents that failed are in its findings.
    """
    before = last_run(clients)
    if before and before.status == "inProgress":
        before = _wait(clients, lambda latest: latest is not None and latest.status != "inProgress", watch, poll)
        yield before
    if retry and before:
        failed = (blob_name(clients.images, url) for url in before.failed_documents)
        overlooked = missing(clients.images, clients.documents, unchanged_since=before.started)
        touch(clients.images, {*filter(None, failed), *overlooked})
    earlier = _start(clients, poll)
    starts_by = time.monotonic() + _STARTS_WITHIN_SECONDS

    def over(latest: Run | None) -> bool:
        if latest is None or latest.started == earlier:
            if time.monotonic() > starts_by:
                raise RunError(f"{_indexer(clients)} was asked to run and has not: look at it in the Azure portal")
            if queued:
                queued()
            return False
        return latest.status != "inProgress"

    finished = _wait(clients, over, watch, poll)
    yield finished
    if finished.status != "success":
        raise RunError(f"the run failed as a whole ({finished.status}): {finished.message or 'no reason is given'}")


def reset(clients: Clients) -> None:
    """Forget what has been indexed: the next run reads every picture again, as a new model asks for."""
    clients.indexers.reset_indexer(_indexer(clients))


def _start(clients: Clients, poll: float) -> datetime | None:
    """Ask for a run. The start of the one before it, from which it can be told."""
    while True:
        before = last_run(clients)
        try:
            clients.indexers.run_indexer(_indexer(clients))
        except HttpResponseError as error:
            if error.status_code != HTTPStatus.CONFLICT:  # a schedule, or a colleague, was faster
                raise
            time.sleep(poll)
        else:
            return before.started if before else None


def _wait(
    clients: Clients, over: Callable[[Run | None], bool], watch: Callable[[Run], None] | None, poll: float
) -> Run:
    while True:
        latest = last_run(clients)
        if latest and watch:
            watch(latest)
        if over(latest) and latest:
            return latest
        time.sleep(poll)


def _read(result: IndexerExecutionResult) -> Run:
    errors = [Finding(_document(e.key), e.error_message, e.details or "", is_error=True) for e in result.errors]
    warnings = [Finding(_document(w.key), w.message, w.details or "", is_error=False) for w in result.warnings]
    return Run(
        status=_status(result),
        started=result.start_time,
        processed=result.item_count,
        failed=result.failed_item_count,
        message=result.error_message,
        findings=errors + warnings,
    )


def _status(result: IndexerExecutionResult) -> str:
    return str(getattr(result.status, "value", result.status))


def _document(key: str | None) -> str:
    """The blob's URL: the service gives it plain, or as `localId=<URL>&documentKey=<URL>` where skills are involved."""
    if not key:
        return "(no document)"
    return parse_qs(key).get("localId", [key])[0] if key.startswith("localId=") else key


def _indexer(clients: Clients) -> str:
    return f"{clients.index}-indexer"
