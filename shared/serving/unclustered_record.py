"""A record of what production left unclustered: vectors beside the models, for `python -m training discover --record`.

It never slows or fails an answer: lines wait in bounded memory for one background thread, and what does not fit, in
memory or in a day's blob, is dropped. So are the lines of the last seconds when a worker is stopped. Pictures are never
kept themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from pydantic import ValidationError

from shared.digests import sha256
from shared.documents import to_json
from shared.embedding.embedder import EmbedderSpec, Vectors
from shared.model.bundle import Manifest
from shared.model.met import MetPicture
from shared.model.model import Model
from shared.model.remembered import vector_bytes
from shared.repeated_errors import RepeatedErrorLog
from shared.stores.base import MissingError, Store, StoreError

log = logging.getLogger(__name__)

KEPT_DAYS = 30
"""After so many days the lifecycle rule in infra/modules/storage.bicep deletes a blob."""
BYTES_A_DAY = 64_000_000
"""Of all instances together: some 20,000 pictures of 512 numbers."""
READ_BYTES = 256_000_000
"""Of vectors read at most, the latest: 125,000 pictures of 512 numbers. A day's blob at a time comes on top."""

_LINES = 1000  # that wait at most: 2 MB
_PAUSE_SECONDS = 5  # so that many lines go in one block: a blob has room for 50,000


class Recorded(MetPicture):
    """A line: `picture` is the URL that the skillset sends as `path`."""

    version: str
    """Of the model that answered."""
    embedder: str
    """Says how the vector was made: see `spec_digest`."""


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    category: str | None
    vector: Vectors
    version: str
    manifest: Manifest
    """Not the model, which would stay in memory with its line."""


class UnclusteredRecord:
    """What one worker adds to the record."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        """`open_store` is asked in the background."""
        self._open_store = open_store
        self._lines: list[_Line] = []
        self._dropped = 0
        self._writing = False
        self._state = threading.Condition()
        self._started = False
        self._errors = RepeatedErrorLog(log, "the record of unclustered pictures is written again")

    def add(self, model: Model, path: str, category: str | None, vector: Vectors) -> None:
        """Note an unclustered picture, `vector` of shape (dimensions,). Returns at once, and raises nothing."""
        with self._state:
            if len(self._lines) >= _LINES:
                self._dropped += 1
                return
            self._lines.append(_Line(path, category, vector, model.version, model.manifest))
            self._state.notify_all()
            if not self._started:
                self._started = True
                threading.Thread(target=self._work, name="unclustered-record", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to be written; False when that takes longer."""
        with self._state:
            return self._state.wait_for(lambda: not self._lines and not self._writing, seconds)

    def _work(self) -> None:
        while True:
            with self._state:
                self._writing = False
                self._state.notify_all()
                self._state.wait_for(lambda: bool(self._lines))
                self._writing = True
            time.sleep(_PAUSE_SECONDS)
            with self._state:
                lines, self._lines = self._lines, []
                dropped, self._dropped = self._dropped, 0
            try:
                self._write(lines)
                if dropped:
                    raise StoreError("unclustered pictures come too fast: some are not recorded")
                self._errors.clear()
            except Exception as error:  # whatever a store may do: answers go on, and so does the record
                self._errors.report(error)

    def _write(self, lines: Sequence[_Line]) -> None:
        store = self._open_store()
        for name, some in groupby(lines, key=lambda line: line.manifest.name):
            key = _key(name, datetime.now(UTC).date())
            if not store.append(key, b"".join(map(_rendered, some)), at_most=BYTES_A_DAY):
                raise StoreError(f"{store.where(key)} is full: no more unclustered pictures are recorded today")


def read_record(store: Store, name: str, embedder: EmbedderSpec, *, today: date | None = None) -> list[Recorded]:
    """The recorded pictures of a model, the last time each was met, whose vectors this embedder could have made.

    The latest come first, and no more than READ_BYTES. Lines that can't be read are left out: the last one of a day may
    be incomplete. Raises StoreError.
    """
    digest, size = spec_digest(embedder), 4 * embedder.dimensions
    last = today or datetime.now(UTC).date()
    found: dict[str, Recorded] = {}
    for days in range(KEPT_DAYS + 1):
        for line in _read_day(store, _key(name, last - timedelta(days))):
            if (len(found) + 1) * size > READ_BYTES:
                return list(found.values())
            if line.embedder == digest and len(line.vector) == size:
                found.setdefault(line.picture, line)
    return list(found.values())


def spec_digest(embedder: EmbedderSpec) -> str:
    """Equal for embedders whose vectors can be compared."""
    return sha256(to_json(embedder))[:16]


def _read_day(store: Store, key: str) -> Iterator[Recorded]:
    """The latest line first."""
    try:
        content = store.read(key).content
    except MissingError:
        return
    for line in reversed(content.splitlines()):
        try:
            yield Recorded.model_validate_json(line)
        except ValidationError:
            continue


def _rendered(line: _Line) -> bytes:
    recorded = Recorded(
        picture=line.path,
        vector=vector_bytes(line.vector),
        category=line.category,
        version=line.version,
        embedder=spec_digest(line.manifest.embedder),
    )
    return recorded.model_dump_json(exclude_none=True).encode() + b"\n"


def _key(name: str, day: date) -> str:
    return f"{name}/unclustered/{day.isoformat()}.jsonl"
