"""The use case by itself, as a notebook calls it: no terminal, no engine to choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.model.bundle import REPORT, read_bundle
from shared.model.model_name import ModelNameError
from shared.pictures.listing import recall_pictures
from tests.bundles import link_graph
from tests.training.near_copies import EPS, near_copies
from training.embedding import cache
from training.model.options import Options
from training.model.train import explore_eps, train


@pytest.fixture
def models(tmp_path: Path, graph: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "DEFAULT", tmp_path / "cache" / "embeddings.sqlite")
    link_graph(graph, tmp_path / "models")
    return tmp_path / "models"


def test_a_folder_becomes_a_model_with_its_report(models: Path, tmp_path: Path, opened_network: None) -> None:
    pictures = near_copies(tmp_path / "pictures")
    trained = train(str(pictures), Options("books", eps=EPS), models, given_names={"a0.png": ("book",)})
    assert trained.folder == models / "books"
    assert trained.bundle.version == read_bundle(trained.folder).version
    assert trained.previous is None
    assert recall_pictures(trained.folder) == str(pictures)
    assert trained.bundle.version in (trained.folder / REPORT).read_text("utf-8")
    again = train(str(pictures), Options("books", eps=EPS), models)
    assert again.previous is not None
    assert again.bundle.labels.labels == {0: ("book",)}


@pytest.mark.slow
def test_exploring_finds_the_eps_that_training_chooses(models: Path, tmp_path: Path, opened_network: None) -> None:
    pictures = near_copies(tmp_path / "pictures")
    choice = explore_eps(str(pictures), Options("any"), models)
    trained = train(str(pictures), Options("books"), models)
    assert trained.choices[""].eps == choice.eps
    assert not (models / "any").exists()


def test_an_impossible_name_is_refused_before_anything_is_read(models: Path) -> None:
    with pytest.raises(ModelNameError, match="can't be a model's name"):
        train("no such folder", Options("../books"), models)
