"""The model that this worker serves: loaded once, however many requests wait for it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from shared.bundle import BundleError, read_bundle
from shared.model import Model, open_model
from shared.settings import Settings
from shared.store import checked_graph

log = logging.getLogger(__name__)


class NotReadyError(RuntimeError):
    """No model can be served yet. The message says what is missing and where it was looked for."""


class ModelServer:
    """Keeps the current model of one worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._model: Model | None = None

    def current(self) -> Model:
        """The model to answer with. Raises NotReadyError while there is none."""
        with self._lock:
            if self._model is None:
                self._model = self._load()
            return self._model

    def _load(self) -> Model:
        root = Path(self._settings.model_store)
        try:
            bundle = read_bundle(root / self._settings.model_name)
            graph = checked_graph(root, bundle.manifest.embedder.graph_sha256)
            return open_model(bundle, graph, backend=self._settings.embedder_backend)
        except BundleError as error:
            raise NotReadyError(f"no model {self._settings.model_name!r} can be loaded: {error}") from error
