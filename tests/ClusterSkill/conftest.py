"""A worker with nothing loaded, and a model for it to load."""

from pathlib import Path

import pytest

import shared.serving.api
from shared.embedding.embedder import Embedder, Vectors
from shared.model.bundle import Labels
from tests.bundles import link_graph, make_bundle
from tests.conftest import encode, noise_picture


@pytest.fixture(autouse=True)
def fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts as a new worker process would: nothing loaded."""
    monkeypatch.setattr(shared.serving.api, "_api", None)


@pytest.fixture(scope="session")
def noise_vector(embedder: Embedder) -> Vectors:
    """The embedding of noise picture 0, shape (1, 512)."""
    return embedder.embed([embedder.picture(encode(noise_picture(0)))])


@pytest.fixture
def models(
    tmp_path: Path, graph: Path, noise_vector: Vectors, opened_network: None, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder of models with one that knows noise picture 0 as "noise"."""
    link_graph(graph, tmp_path)
    make_bundle(tmp_path / "books", noise_vector, [0], Labels(labels={0: ("noise",)}), eps=0.001)
    for name in ("KEY", "WEBSITE_INSTANCE_ID", "WEBSITE_AUTH_ENABLED", "MODEL_NAME", "DBSCAN_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODEL_STORE", str(tmp_path))
    monkeypatch.setenv("MAX_REQUEST_SECONDS", "300")  # on a busy machine, too
    return tmp_path
