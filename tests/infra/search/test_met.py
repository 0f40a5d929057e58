"""What the index has in no group, as training finds groups in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infra.search.clients import Clients
from infra.search.met import NoVectorsError, read_met
from infra.search.recognize import Served
from shared.model.bundle import Bundle
from tests.local.search.deployments import deployed, settings
from tests.local.search.skill_server import SkillServer
from tests.training.model.blobs import blob, embedded, named
from tests.training.model.retraining import BOOKS, OPTIONS
from training.model.build import build_model

NEW = named("met/new ", blob(2, 3))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return build_model(embedded(BOOKS), OPTIONS, tmp_path / "books").bundle


def index(clients: Clients, version: str) -> None:
    """Three unclustered pictures, one that another network embedded, and two pictures of one document."""
    shared = {"label": [], "cluster_id": -1, "distance": 0.9, "model_version": version, "category": "pet"}
    urls = [clients.images.get_blob_client(name).url for name in NEW]
    root = clients.images.url
    odd = blob(3, 1)[0].tolist()
    clients.documents.upload_documents(
        [
            *(
                {"id": f"new{number}", "url": url, "vector": vector.tolist(), **shared}
                for number, (url, vector) in enumerate(zip(urls, NEW.values(), strict=True))
            ),
            {
                "id": "other",
                "url": f"{root}/other.jpg",
                "vector": odd,
                **shared,
                "model_version": "f" * 12,
            },
            {"id": "page0", "url": f"{root}/book.pdf", "vector": odd, **shared},
            {"id": "page1", "url": f"{root}/twice.png", "vector": odd, **shared},
            {"id": "page2", "url": f"{root}/twice.png", "vector": odd, **shared},
        ]
    )


def test_pictures_in_no_group_come_with_their_vectors(clients: Clients, bundle: Bundle) -> None:
    index(clients, bundle.version)
    met = read_met(clients, Served(bundle, frozenset({bundle.manifest.version})))
    assert (met.place, met.embedder) == (clients.images.url, bundle.manifest.embedder)
    assert [picture.picture for picture in met.pictures] == list(NEW)
    assert {picture.category for picture in met.pictures} == {"pet"}
    for picture, vector in zip(met.pictures, NEW.values(), strict=True):
        assert np.array_equal(picture.embedding(), vector)


def test_an_index_without_vectors_says_how_to_have_them(skill: SkillServer, pictures: Path, bundle: Bundle) -> None:
    with deployed(settings(skill.url), pictures) as clients, pytest.raises(NoVectorsError, match="SEARCH_VECTOR=true"):
        read_met(clients, Served(bundle, frozenset()))
