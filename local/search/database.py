"""Everything the service keeps, in one SQLite file or in memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS definitions (kind TEXT, name TEXT, body TEXT, etag TEXT, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY, index_name TEXT, key TEXT, body TEXT, UNIQUE (index_name, key)
);
CREATE TABLE IF NOT EXISTS vectors (
    document INTEGER REFERENCES documents ON DELETE CASCADE, field TEXT, value BLOB, PRIMARY KEY (document, field)
);
CREATE TABLE IF NOT EXISTS texts (index_name TEXT, analyzer TEXT, name TEXT, PRIMARY KEY (index_name, analyzer));
CREATE TABLE IF NOT EXISTS tracked (indexer TEXT, blob TEXT, etag TEXT, PRIMARY KEY (indexer, blob));
CREATE TABLE IF NOT EXISTS executions (id INTEGER PRIMARY KEY, indexer TEXT, body TEXT);
"""


class Database:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path | None = None) -> None:
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)
        self._lock = threading.RLock()
        self._depth = 0

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing; other threads wait. May be nested: the outermost one decides."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def run(self, statement: str, *values: object) -> int:
        """Execute; return the id of the row that was inserted last."""
        with self._lock:
            return self._connection.execute(statement, values).lastrowid or 0

    def close(self) -> None:
        with self._lock:
            self._connection.close()
