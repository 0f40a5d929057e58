"""Stores to publish into, a folder and Azurite, the folder of models to publish from, and models trained again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from shared.stores.base import Store
from tests.stores import Place, azurite_place, shared_azurite
from tests.training.model.retraining import OPTIONS, Pictures, fit, label
from training.model.build import Trained
from training.model.options import Options


@pytest.fixture(params=["folder", "key"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return azurite_place(shared_azurite()) if request.param == "key" else Place(str(tmp_path / "store"))


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def retrain(tmp_path: Path) -> Callable[..., Trained]:
    """Train on the first pictures, let a person change the labels, train on the second ones."""

    def run(first: Pictures, labels: Mapping[str, object], second: Pictures, options: Options = OPTIONS) -> Trained:
        fit(tmp_path / "books", first)
        label(tmp_path / "books", **labels)
        return fit(tmp_path / "books", second, tmp_path / "books", options)

    return run
