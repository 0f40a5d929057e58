"""The model that this worker serves: loaded once, kept current in the background.

One thread a worker follows the store. Requests take what it has put there and never wait for it once there is a model,
so that a slow or broken store costs them nothing.
"""

from __future__ import annotations

import logging
import threading
import weakref
from math import inf

from shared.model.model import Model
from shared.repeated_errors import RepeatedErrorLog
from shared.serving.loading import Loader
from shared.settings import Settings

log = logging.getLogger(__name__)

# A first request waits this long for its model; AI Search gives a skill 30 s unless its definition says otherwise.
_FIRST_WAIT_SECONDS = 20

# Pause between attempts while there is no model: short enough that a caller who heeds Retry-After (api.py) finds
# the outcome of a newer attempt, long enough not to hammer a failing store.
_RETRY_SECONDS = 5


class NotReadyError(RuntimeError):
    """No model can be served yet. The message says what is missing and where it was looked for."""


class ModelServer:
    """Keeps the current model of one worker. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loader: Loader | None = None
        self._model: Model | None = None
        self._store_errors = RepeatedErrorLog(log, "the model store works again")
        self._start = threading.Lock()
        self._started = False
        self._attempted = threading.Event()

    @property
    def problem(self) -> str | None:
        """What keeps the store's current version from being served, if anything does."""
        return self._store_errors.cause

    def current(self, timeout: float = inf) -> Model:
        """The model to answer one request with, from start to end, which has `timeout` seconds to wait for it.

        Raises NotReadyError while there is none.
        """
        self._follow_store()
        if self._model is None:
            self._attempted.wait(min(timeout, _FIRST_WAIT_SECONDS))
        model = self._model
        if model is None:
            name, store = self._settings.model_name, self._settings.model_store
            raise NotReadyError(self.problem or f"the model {name!r} is still on its way from {store}: try again")
        return model

    def refresh(self) -> float | None:
        """Look at the store once and swap the model if another is current. Never raises: errors are logged and kept.

        Returns the seconds until the next look, or None where a pinned version is loaded and nothing can change.
        """
        try:
            self._loader = self._loader or Loader(self._settings)
            release = self._loader.current()
            if self._model is None or self._model.version != release.version:
                self._model = self._loader.load(release, self._model)
                log.info("serving model %s, version %s", self._settings.model_name, release.version)
            self._store_errors.clear()
        except Exception as error:  # whatever a store, a disk or a backend may do must not end the thread
            self._store_errors.report(error)
            if self._model is None and self._loader:
                self._model = self._loader.last_known()
        self._attempted.set()
        if self._model is None:
            return min(_RETRY_SECONDS, self._settings.model_refresh_seconds)
        return None if self._model.version == self._settings.model_version else self._settings.model_refresh_seconds

    def _follow_store(self) -> None:
        with self._start:
            if self._started:
                return
            self._started = True
        stop = threading.Event()
        weakref.finalize(self, stop.set)
        # A daemon, because a worker that is told to end must not wait for a store that does not answer.
        threading.Thread(target=_follow, args=(weakref.ref(self), stop), name="model-refresh", daemon=True).start()


def _follow(reference: weakref.ref[ModelServer], stop: threading.Event) -> None:
    """Refresh for as long as somebody holds the server."""
    while server := reference():
        pause = server.refresh()
        del server
        if pause is None or stop.wait(pause):
            return
