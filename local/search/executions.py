"""What the service tells about an indexer's runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from local.search.database import Database

_HISTORY = 50  # https://learn.microsoft.com/azure/search/search-how-to-index-azure-blob-storage: 50 executions


@dataclass(slots=True)
class Execution:
    """One run of an indexer, going on or over."""

    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: Literal["inProgress", "success", "transientFailure", "reset"] = "inProgress"
    end: datetime | None = None
    message: str | None = None
    processed: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    warnings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def error(self, url: str, name: str, message: str, details: str) -> None:
        self.errors.append(
            {"key": _key(url), "name": name, "errorMessage": message, "details": details, "statusCode": 400}
        )

    def warning(self, url: str, name: str, message: str, details: str) -> None:
        self.warnings.append({"key": _key(url), "name": name, "message": message, "details": details})

    def finish(self, status: Literal["success", "transientFailure", "reset"], message: str | None = None) -> None:
        self.status, self.message, self.end = status, message, datetime.now(UTC)

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "errorMessage": self.message,
            "startTime": _time(self.start),
            "endTime": _time(self.end) if self.end else None,
            "itemsProcessed": self.processed,
            "itemsFailed": self.failed,
            "initialTrackingState": None,
            "finalTrackingState": None,
            "errors": list(self.errors),
            "warnings": list(self.warnings),
        }


class History:
    """The executions that are over, the latest first."""

    def __init__(self, database: Database, indexer: str) -> None:
        self._database = database
        self._indexer = indexer

    def add(self, execution: Execution) -> None:
        body = json.dumps(execution.to_json())
        self._database.run("INSERT INTO executions (indexer, body) VALUES (?, ?)", self._indexer, body)

    def read(self) -> list[dict[str, Any]]:
        found = self._database.rows(
            "SELECT body FROM executions WHERE indexer = ? ORDER BY id DESC LIMIT ?", self._indexer, _HISTORY
        )
        return [json.loads(body) for (body,) in found]

    def clear(self) -> None:
        self._database.run("DELETE FROM executions WHERE indexer = ?", self._indexer)


def _key(url: str) -> str:
    """As the service writes it where skills are involved."""
    encoded = quote(url, safe="")
    return f"localId={encoded}&documentKey={encoded}"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
