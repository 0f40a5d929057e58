"""Commands with caches of their own, and `train` on pictures that the real network finds alike."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shared.embedding.embedder import Embedder, EmbedderSpec, open_embedder
from tests.bundles import link_graph
from tests.training.commands.training_command import Train
from tests.training.near_copies import EPS, near_copies
from training.commands.app import app
from training.embedding import cache
from training.model import train as use_case


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in tests neither fill nor profit from the developer's own cache."""
    monkeypatch.setattr(cache, "DEFAULT", tmp_path / "cache" / "embeddings.sqlite")


@pytest.fixture(scope="package")
def cache_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests of `train`: the same pictures need embedding only once."""
    return tmp_path_factory.mktemp("cache") / "embeddings.sqlite"


@pytest.fixture(scope="package")
def opened(graph: Path) -> Callable[[EmbedderSpec, Path], Embedder]:
    """Opens each embedder once, as all these models have the same graph: it takes longer than to train."""
    known: dict[EmbedderSpec, Embedder] = {}

    def open_once(spec: EmbedderSpec, path: Path) -> Embedder:
        assert path.samefile(graph)
        if spec not in known:
            known[spec] = open_embedder(spec, graph)
        return known[spec]

    return open_once


@pytest.fixture
def models(tmp_path: Path, graph: Path) -> Path:
    link_graph(graph, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def train(
    models: Path,
    cache_file: Path,
    opened: Callable[[EmbedderSpec, Path], Embedder],
    monkeypatch: pytest.MonkeyPatch,
) -> Train:
    """The command, with an eps that suits near-copies unless another is given."""
    monkeypatch.setattr(cache, "DEFAULT", cache_file)
    monkeypatch.setattr(use_case, "open_embedder", opened)
    monkeypatch.setenv("COLUMNS", "200")  # else tables are as wide as the terminal that the tests run in

    def run(pictures: Path, *options: str) -> Result:
        eps = () if "--eps" in options else ("--eps", str(EPS))
        return CliRunner().invoke(
            app, ["train", str(pictures), "--name", "books", "--out", str(models), *eps, *options]
        )

    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return near_copies(tmp_path / "pictures")
