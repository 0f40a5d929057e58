"""A release in a store becomes a model in memory, on whatever disk there is."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path

import numpy as np

from shared.digests import sha256
from shared.embedding.backends import BackendName
from shared.embedding.embedder import Embedder, EmbedderSpec, open_embedder
from shared.errors import UserError
from shared.model.bundle import BundleError
from shared.model.model import Model
from shared.repeated_errors import RepeatedErrorLog
from shared.settings import Settings
from shared.stores.cache import fetch_bundle, fetch_graph, prune, remember, remembered
from shared.stores.opening import open_store
from shared.stores.releases import Release, ReleaseWatcher

log = logging.getLogger(__name__)

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by tempfile


class Loader:
    """Finds and loads the model that the settings name. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Reaches nothing yet. Raises StoreError or ModelNameError when the settings make no sense."""
        self._settings = settings
        self._store = open_store(settings.model_store, settings.store_credential)
        self._watcher = ReleaseWatcher(self._store, settings.model_name, settings.model_version)
        # A folder's files are used where they are. Stores don't share a cache: the same version may differ in them.
        self._cache = None if self._store.folder else settings.model_cache / sha256(self._store.location.encode())[:16]
        # Where files may be kept while a model is opened; the first that has room is used.
        temporary = partial(tempfile.TemporaryDirectory[str], ignore_cleanup_errors=True)
        places: list[Callable[[], AbstractContextManager[Path | str]]] = [temporary, partial(temporary, dir=_MEMORY)]
        self._places = [partial(nullcontext, self._cache), *places] if self._cache else places
        self._cache_errors = RepeatedErrorLog(log, "the cache folder can be used again")

    def current(self) -> Release:
        """The release to serve. Raises as shared.stores.releases.ReleaseWatcher.current does."""
        return self._watcher.current()

    def load(self, release: Release, previous: Model | None) -> Model:
        """Fetch, check and open a release beside the previous model, whose embedder it shares if the spec is the same.

        Raises StoreError, BundleError, or what the backend raises; OSError when there is no room on any disk.
        """
        problems: list[OSError] = []
        for place in self._places:
            try:
                with place() as folder:
                    model = self._open(release, Path(folder), previous)
            except OSError as error:
                problems.append(error)
                continue
            self._report_cache(problems)
            return model
        raise problems[0]

    def last_known(self) -> Model | None:
        """The model that a worker on this machine served last, if all of it is still in the cache."""
        release = remembered(self._settings.model_name, self._cache) if self._cache else None
        if release is None or self._settings.model_version not in {None, release.version}:
            return None
        with suppress(UserError, OSError):
            return self.load(release, None)
        return None

    def _open(self, release: Release, folder: Path, previous: Model | None) -> Model:
        name = self._settings.model_name
        bundle = fetch_bundle(self._store, name, release, folder)
        spec = bundle.manifest.embedder
        if previous and previous.embedder.spec == spec:
            model = Model(bundle, previous.embedder)
        else:
            graph = fetch_graph(self._store, spec.graph_sha256, folder)
            model = Model(bundle, _open_embedder(spec, graph, self._settings.embedder_backend))
        if folder == self._cache:
            with suppress(OSError):
                remember(release, name, folder)
                prune(name, folder)
        return model

    def _report_cache(self, problems: list[OSError]) -> None:
        if problems and self._cache:
            self._cache_errors.report(
                f"MODEL_CACHE {self._settings.model_cache} can't be used, so every worker downloads the model again: "
                f"{problems[0].strerror}"
            )
        else:
            self._cache_errors.clear()


def _open_embedder(spec: EmbedderSpec, graph: Path, backend: BackendName) -> Embedder:
    """Open it and embed one blank picture: a graph that can't be run is found before the model before is let go."""
    blank = np.zeros((spec.input, spec.input, 3), dtype=np.uint8)
    try:
        embedder = open_embedder(spec, graph, backend=backend)
        finite = bool(np.isfinite(embedder.embed([blank])).all())
    except (UserError, MemoryError):
        raise
    except Exception as error:  # each backend has exceptions of its own
        raise BundleError(f"the graph {spec.graph_sha256} can't be run by {backend}: {error}") from error
    if not finite:
        raise BundleError(f"the graph {spec.graph_sha256} gives numbers that are not finite")
    return embedder
