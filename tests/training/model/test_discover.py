"""Groups among pictures that production met, by the vectors it made of them."""

from pathlib import Path

import pytest

from shared.model.bundle import read_bundle
from shared.model.met import Met, MetPicture
from shared.model.remembered import vector_bytes
from tests.training.model.blobs import blob, named
from tests.training.model.retraining import BOOKS, MAPS, Pictures, fit
from training.model.discover import DiscoverError, discover_met, read_met

DOGS = named("dog", blob(3, 6))


def met(folder: Path, pictures: Pictures, **changes: object) -> Met:
    entries = tuple(
        MetPicture(picture=name, vector=vector_bytes(vector), category="pet") for name, vector in pictures.items()
    )
    return Met(place=str(folder), embedder=read_bundle(folder).manifest.embedder, pictures=entries).model_copy(
        update=changes
    )


def test_a_kind_that_production_met_is_proposed(tmp_path: Path) -> None:
    fit(tmp_path, BOOKS | MAPS)
    (tmp_path / "met.json").write_text(met(tmp_path, DOGS).model_dump_json())
    found = discover_met(tmp_path, read_met(tmp_path / "met.json"))
    assert (found.members, found.bundle.labels.proposed) == ({2: tuple(DOGS)}, (2,))
    version = found.bundle.version
    assert discover_met(tmp_path, met(tmp_path, DOGS)).bundle.version == version
    assert discover_met(tmp_path, met(tmp_path, {})).pictures == 0


def test_vectors_of_another_network_are_refused(tmp_path: Path) -> None:
    other = fit(tmp_path, BOOKS | MAPS).bundle.manifest.embedder.model_copy(update={"pooling": "max"})
    with pytest.raises(DiscoverError, match="made another way"):
        discover_met(tmp_path, met(tmp_path, DOGS, embedder=other))


def test_what_is_not_such_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiscoverError, match="can't be read"):
        read_met(tmp_path / "nothing.json")
    (tmp_path / "met.json").write_text("{}")
    with pytest.raises(DiscoverError, match=r"does not hold pictures with their vectors: place"):
        read_met(tmp_path / "met.json")
