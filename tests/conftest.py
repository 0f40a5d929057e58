"""Fixtures for tests in every room: the real network, containers, and pictures made on the spot."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from shared.embedding.backends import Backend, open_backend
from shared.embedding.embedder import Embedder, EmbedderSpec
from shared.embedding.vgg16 import WEIGHTS_SHA256
from tests.stores import Container, azurite_place, shared_azurite
from tests.training.dask_cluster import DaskCluster, dask_cluster
from training.network.weights import GRAPH_SHA256, export_graph

PROJECT = Path(__file__).parents[1]

# What the local host and Core Tools say of themselves; without it, the Function refuses everyone who has no key.
os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")

# How long an example takes says more about what else the machine does. The same examples come each time, so that a
# failure belongs to the change that meets it; `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("busy", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of tests/soak: all inputs, 48 minutes")
    parser.addoption("--func", action="store_true", help="run the tests marked host against Core Tools' `func start`")


@pytest.fixture(scope="session")
def graph() -> Path:
    """The exported serving graph; `make setup` has made it."""
    return export_graph(PROJECT / "models", lambda line: None)


@pytest.fixture(scope="session")
def spec() -> EmbedderSpec:
    return EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256)


@pytest.fixture(scope="session")
def network(graph: Path) -> Backend:
    return open_backend("float32", WEIGHTS_SHA256, graph, "onnxruntime")


@pytest.fixture(scope="session")
def embedder(spec: EmbedderSpec, network: Backend) -> Embedder:
    return Embedder(spec, network)


@pytest.fixture
def opened_network(graph: Path, network: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that opens an embedder gets the network that is open already: opening takes longer than most tests."""

    def open_known(precision: str, weights_sha256: str, path: Path, *_: object) -> Backend:
        assert (precision, weights_sha256) == ("float32", WEIGHTS_SHA256)
        assert path.samefile(graph)
        return network

    monkeypatch.setattr("shared.embedding.embedder.open_backend", open_known)


def noise_picture(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of coarse coloured noise, the same for a seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def encode(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def encoded_pictures(count: int = 5) -> dict[str, bytes]:
    return {f"{seed}.png": encode(noise_picture(seed)) for seed in range(count)}


@pytest.fixture
def picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of pictures: two groups of near-copies and one odd picture."""

    def make(name: str = "pictures", groups: int = 2, each: int = 4) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for group in range(groups):
            for copy in range(each):
                noise_picture(group).rotate(copy, expand=False).save(folder / f"group{group}_{copy}.png")
        noise_picture(99).save(folder / "odd.png")
        return folder

    return make


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Generator[Container]:
    """An empty container whose credential is in the environment."""
    place = azurite_place(shared_azurite())
    monkeypatch.setenv("MODEL_STORE_CONNECTION_STRING", str(place.connection_string))
    opened = Container(place)
    with opened.client:
        yield opened


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[DaskCluster]:
    """Two Dask workers that may read every container here; tests that lose one start a cluster of their own."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODEL_STORE_CONNECTION_STRING", str(shared_azurite().connection_string))
            started = stack.enter_context(dask_cluster(tmp_path_factory.mktemp("dask")))
        yield started
