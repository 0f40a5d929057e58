"""Never embed twice: embeddings kept in SQLite by the picture's content and the embedder's spec.

SQLite survives a process that is killed at any moment, so a killed run resumes where it stopped. An entry
whose checksum is wrong counts as missing, and a damaged database is moved aside.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from shared.digests import sha256
from shared.documents import to_json
from shared.embedding.embedder import EmbedderSpec
from shared.embedding.pipeline import Vector
from shared.errors import UserError

DEFAULT = Path(__file__).parents[2] / ".cache" / "embeddings.sqlite"

# A writer holds the database for milliseconds. One that holds it longer than this hangs.
_WAIT_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contents (fingerprint TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS embeddings (key TEXT PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);
"""


class CacheError(UserError):
    """The cache's file can't be opened or written. The message names it."""


class EmbeddingCache:
    """The embeddings of one spec. Safe to use from several threads and processes. Raises CacheError."""

    def __init__(self, spec: EmbedderSpec, path: Path | None = None) -> None:
        """Open the cache at `path`, or this checkout's own."""
        # Another release of the engine may differ in the last digits, and a bundle must be made of like vectors.
        self._spec = sha256(to_json(spec) + version("onnxruntime").encode())
        self._dimensions = spec.dimensions
        self._lock = threading.Lock()
        self._path = path or DEFAULT
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._database = self._open()

    def by_fingerprint(self, fingerprint: str | None) -> Vector | None:
        """The embedding of the picture that had this fingerprint when it was read last."""
        if fingerprint is None:
            return None
        found = self._select("SELECT content FROM contents WHERE fingerprint = ?", fingerprint)
        return self.by_content(str(found[0])) if found else None

    def by_content(self, content: str) -> Vector | None:
        """The embedding of the picture whose bytes have this SHA-256."""
        found = self._select("SELECT vector, checksum FROM embeddings WHERE key = ?", self._key(content))
        if not found or zlib.crc32(found[0]) != found[1] or len(found[0]) != 4 * self._dimensions:
            return None
        return np.frombuffer(found[0], dtype="<f4").astype(np.float32)

    def remember(self, found: Iterable[tuple[str | None, str, Vector]]) -> None:
        """Keep (fingerprint, SHA-256 of the content, embedding) of some pictures, all or none of them."""
        rows = [(fingerprint, content, vector.astype("<f4").tobytes()) for fingerprint, content, vector in found]
        with self._lock:
            try:
                self._write(rows)
            except sqlite3.OperationalError as error:
                raise self._unusable(error) from error
            except sqlite3.DatabaseError:  # damage that opening did not touch
                self._database.close()
                self._move_aside()
                self._database = self._open()
                self._write(rows)

    def close(self) -> None:
        """Wait for whoever is reading, then answer nothing more: SQLite crashes where it is closed under a reader."""
        with self._lock:
            self._database.close()

    def _write(self, rows: list[tuple[str | None, str, bytes]]) -> None:
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
                [(self._key(content), vector, zlib.crc32(vector)) for _, content, vector in rows],
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO contents VALUES (?, ?)",
                [(fingerprint, content) for fingerprint, content, _ in rows if fingerprint is not None],
            )

    def _select(self, statement: str, key: str) -> tuple[bytes, int] | None:
        with self._lock:
            try:
                return self._database.execute(statement, (key,)).fetchone()
            except sqlite3.DatabaseError:  # a damaged page: whatever stood there is embedded again
                return None

    def _key(self, content: str) -> str:
        return f"{content}-{self._spec[:16]}"

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.OperationalError as error:  # locked, read-only, a full disk: nothing is wrong with the content
            raise self._unusable(error) from error
        except sqlite3.DatabaseError:
            self._move_aside()
            return _connect(self._path)

    def _move_aside(self) -> None:
        self._path.replace(self._path.with_suffix(".damaged"))

    def _unusable(self, error: sqlite3.Error) -> CacheError:
        return CacheError(f"the embedding cache {self._path} can't be used: {error}")


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
