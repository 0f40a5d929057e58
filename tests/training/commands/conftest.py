"""Commands with caches of their own, and `train` on pictures that the real network finds alike."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.bundles import link_graph
from tests.training.commands.training_command import Train
from tests.training.near_copies import EPS, near_copies
from training.commands.app import app
from training.embedding import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in tests neither fill nor profit from the developer's own cache."""
    monkeypatch.setattr(cache, "DEFAULT", tmp_path / "cache" / "embeddings.sqlite")


@pytest.fixture(scope="package")
def cache_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "embeddings.sqlite"


@pytest.fixture
def shared_cache(own_cache: None, cache_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cache for tests that train and look on: the same pictures need embedding only once."""
    monkeypatch.setattr(cache, "DEFAULT", cache_file)


@pytest.fixture
def models(tmp_path: Path, graph: Path) -> Path:
    link_graph(graph, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def train(models: Path, shared_cache: None, opened_network: None, monkeypatch: pytest.MonkeyPatch) -> Train:
    """The command, with an eps that suits near-copies unless another is given."""
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
