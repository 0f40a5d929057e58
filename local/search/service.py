"""The service: definitions, indexes, and indexers that run in the background, one run of each at a time."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.search.catalog import Catalog
from local.search.database import Database
from local.search.errors import ServiceError
from local.search.executions import Execution, History
from local.search.identities import NOBODY, Identities
from local.search.indexer import Plan, Run
from local.search.schedules import is_due

log = logging.getLogger(__name__)

_INDEXERS_AT_ONCE = 2
_SCHEDULES_SECONDS = 1.0


class Service:
    """Everything behind the URL. Safe to use from several threads; close it when done."""

    def __init__(self, path: Path | None = None, delay: float = 0, identities: Identities = NOBODY) -> None:
        """`delay`: seconds that a run stays queued at least, as on a service that others keep busy."""
        self._database = Database(path)
        self.catalog = Catalog(self._database)
        self._threads = ThreadPoolExecutor(_INDEXERS_AT_ONCE, thread_name_prefix="indexer")
        self._delay = delay
        self._identities = identities
        self._running: dict[str, Execution | None] = {}  # None: queued
        self._lock = threading.Lock()
        self._made = datetime.now(UTC)
        self._closed = threading.Event()
        threading.Thread(target=self._keep_schedules, name="schedules", daemon=True).start()

    def put(self, collection: str, name: str, body: dict[str, Any]) -> bool:
        """Create or update a definition; True when it is new. A new indexer runs at once. Raises ServiceError."""
        new = self.catalog.put(collection, name, body)
        if new and collection == "indexers" and not body.get("disabled"):
            self.run(name)
        return new

    def run(self, indexer: str) -> None:
        """Start a run. Raises ServiceError: 404, or 409 while one is going on."""
        plan = self._plan(indexer)
        with self._lock:
            if indexer in self._running:
                raise ServiceError(
                    "Another indexer invocation is currently in progress; concurrent invocations are not allowed.",
                    HTTPStatus.CONFLICT,
                )
            self._running[indexer] = None
        self._threads.submit(self._execute, indexer, plan)

    def run_scheduled(self, now: datetime) -> None:
        """Start the indexers that are due: enabled, with a schedule, not running, their interval gone by."""
        for name in self.catalog.names("indexers"):
            definition = self.catalog.get("indexers", name)
            if definition.get("disabled") or not definition.get("schedule") or name in self._running:
                continue
            past = History(self._database, name).read()
            latest = datetime.fromisoformat(past[0]["startTime"]) if past else self._made
            if is_due(definition["schedule"], latest, now):
                with suppress(ServiceError):  # somebody was faster
                    self.run(name)

    def reset(self, indexer: str) -> None:
        """Forget what has been indexed. Raises ServiceError: 404, or 409 while a run is going on."""
        self.catalog.get("indexers", indexer)
        with self._lock:
            if indexer in self._running:
                raise ServiceError("The indexer is running and can't be reset.", HTTPStatus.CONFLICT)
            self.catalog.forget(indexer)
            execution = Execution()
            execution.finish("reset")
            History(self._database, indexer).add(execution)

    def status(self, indexer: str) -> dict[str, Any]:
        """Raises ServiceError 404."""
        self.catalog.get("indexers", indexer)
        with self._lock:
            running = self._running.get(indexer)
            history = History(self._database, indexer).read()
        latest = running.to_json() if running else history[0] if history else None
        return {
            "name": indexer,
            "status": "running",
            "lastResult": latest,
            "executionHistory": history,
            "limits": {},
        }

    def close(self) -> None:
        """Wait for the runs that are going on."""
        self._closed.set()
        self._threads.shutdown()
        self._database.close()

    def _plan(self, indexer: str) -> Plan:
        definition = self.catalog.get("indexers", indexer)
        skillset = self.catalog.get("skillsets", definition["skillsetName"]) if definition.get("skillsetName") else {}
        selectors = (skillset.get("indexProjections") or {}).get("selectors", [])
        names = {definition["targetIndexName"], *(selector["targetIndexName"] for selector in selectors)}
        return Plan(
            indexer=definition,
            datasource=self.catalog.get("datasources", definition["dataSourceName"]),
            skillset=skillset,
            indexes={name: self.catalog.index(name) for name in names},
            identities=self._identities,
        )

    def _keep_schedules(self) -> None:
        while not self._closed.wait(_SCHEDULES_SECONDS):
            self.run_scheduled(datetime.now(UTC))

    def _execute(self, indexer: str, plan: Plan) -> None:
        time.sleep(self._delay)
        execution = Execution()
        with self._lock:
            self._running[indexer] = execution
        try:
            Run(self._database, plan, execution).execute()
        except Exception as error:  # a bug of ours must end the run, not hang it
            log.exception("the run of %s broke", indexer)
            execution.finish("transientFailure", f"The stand-in broke: {error!r}")
        with self._lock:
            History(self._database, indexer).add(execution)
            del self._running[indexer]
