"""Fixtures that need the real network, and pictures made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from shared.embedding.embedder import Embedder, EmbedderSpec, open_embedder
from shared.embedding.vgg16 import WEIGHTS_SHA256
from training.network.weights import GRAPH_SHA256, export_graph

PROJECT = Path(__file__).parents[1]

# How long an example takes says more about what else the machine does.
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of tests/soak: all its inputs, half an hour")


@pytest.fixture(scope="session")
def graph() -> Path:
    """The exported serving graph; `make setup` has made it."""
    return export_graph(PROJECT / "models", lambda line: None)


@pytest.fixture(scope="session")
def spec() -> EmbedderSpec:
    return EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256)


@pytest.fixture(scope="session")
def embedder(spec: EmbedderSpec, graph: Path) -> Embedder:
    return open_embedder(spec, graph)


def noise_picture(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of coarse coloured noise, the same for a seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def encode(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


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
