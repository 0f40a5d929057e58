"""New pictures come into a model: they join groups, form new ones, and change nothing that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.model.assignments_csv import Row, read_rows
from shared.model.bundle import Bundle, read_bundle
from shared.model.core_samples import NOISE
from shared.model.model import Model
from shared.model.parts import Edits
from shared.model.remembered import Placed, vector_bytes
from tests.training.model.blobs import blob, bridge, embedded, named
from tests.training.model.retraining import BOOKS, BOTH, MAPS, OPTIONS, Pictures, fit, label
from tests.training.plain_embedder import plain_embedder
from training.model.build import build_model
from training.model.extend import Extended, extend

DOGS = named("dog", blob(3, 6))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fit(tmp_path / "books", BOOKS | MAPS)
    label(tmp_path / "books", labels=BOTH)
    return tmp_path / "books"


def update(folder: Path, pictures: Pictures, categories: Sequence[str] | None = None) -> Extended:
    return extend(read_bundle(folder), folder, embedded(pictures), categories)


def answers(bundle: Bundle, pictures: Pictures) -> list[int]:
    return [found.cluster for found in Model(bundle, plain_embedder()).assign(np.stack(list(pictures.values())))]


def rows_of(folder: Path) -> dict[str, Row]:
    return {row.picture: row for row in read_rows(folder)}


def test_pictures_of_a_known_kind_join_its_group(folder: Path) -> None:
    before = read_bundle(folder)
    more = named("more", blob(2, 3, seed=5))
    found = update(folder, more)
    assert (found.pictures, found.joined, found.found, found.unclustered) == (3, {1: 3}, {}, 0)
    assert np.array_equal(found.bundle.arrays.vectors, before.arrays.vectors)
    assert found.bundle.labels == before.labels
    counts = found.bundle.manifest.counts
    assert (counts.pictures, counts.clustered, counts.clusters) == (12, 12, 2)
    rows = rows_of(folder)
    assert [rows[name].cluster for name in more] == [1, 1, 1]
    assert not any(rows[name].core for name in more)


def test_pictures_of_a_new_kind_form_a_group_with_an_id_of_its_own(folder: Path) -> None:
    before = rows_of(folder)
    found = update(folder, DOGS)
    assert (found.joined, list(found.found), found.unclustered) == ({}, [2], 0)
    assert found.bundle.labels.labels == BOTH
    assert set(found.bundle.labels.exemplars[2]) <= DOGS.keys()
    assert answers(found.bundle, BOOKS | MAPS | DOGS) == [0] * 5 + [1] * 4 + [2] * 6
    assert {name: row for name, row in rows_of(folder).items() if name in before} == before
    assert found.bundle.manifest.ancestors == (fit(folder.with_name("same"), BOOKS | MAPS).bundle.manifest.version,)


def test_a_kind_is_found_once_enough_of_it_has_come(folder: Path) -> None:
    first, second = dict(list(DOGS.items())[:2]), dict(list(DOGS.items())[2:])
    assert update(folder, first).unclustered == 2
    found = update(folder, first | second)
    assert (found.pictures, list(found.found), found.unclustered) == (4, [2], 0)
    assert answers(found.bundle, DOGS) == [2] * 6


def test_the_model_goes_on_after_pictures_are_gone(folder: Path) -> None:
    """Neither what the model was trained on nor what came later needs to be there."""
    update(folder, dict(list(DOGS.items())[:2]))
    assert update(folder, dict(list(DOGS.items())[2:])).found.keys() == {2}


def test_a_picture_stays_in_its_group_though_a_new_one_is_nearer(tmp_path: Path) -> None:
    border = {"step.jpg": bridge(1, 2)[1], "border.jpg": bridge(1, 2)[2]}
    fit(tmp_path / "books", BOOKS | border)
    assert rows_of(tmp_path / "books")["border.jpg"].cluster == 0
    between = bridge(1, 2)[2:4].mean(axis=0)
    noise = np.random.default_rng(0).normal(size=(6, len(between)))
    beyond = {
        f"beyond{number}.jpg": vector for number, vector in enumerate((between + 0.05 * noise).astype(np.float32))
    }
    found = update(tmp_path / "books", beyond | border)
    assert answers(found.bundle, beyond) == [1] * 6
    assert [entry.picture for entry in found.bundle.labels.edits.held] == ["border.jpg"]
    assert answers(found.bundle, BOOKS | border) == [0] * 7


def test_what_nobody_is_sure_about_forms_no_group(folder: Path) -> None:
    few = dict(list(DOGS.items())[:2])
    update(folder, few)
    placed = (Placed(picture=name, vector=vector_bytes(vector), cluster=NOISE) for name, vector in few.items())
    label(folder, edits=Edits(placed=tuple(placed)))
    found = update(folder, few | dict(list(DOGS.items())[2:]))
    assert answers(found.bundle, few) == [NOISE, NOISE]


def test_new_groups_belong_to_the_category_of_their_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    build_model(embedded(BOOKS | MAPS), OPTIONS, folder, categories=["paper"] * 5 + ["chart"] * 4)
    update(folder, DOGS, ["pet"] * 6)
    found = update(folder, named("cat", blob(4, 6)), ["paper"] * 6)
    assert found.bundle.manifest.categories == {"chart": (0,), "paper": (1, 3), "pet": (2,)}


class TestProposing:
    def propose(self, folder: Path, pictures: Pictures) -> Extended:
        return extend(read_bundle(folder), folder, embedded(pictures), propose=True)

    def test_a_proposed_group_answers_nothing(self, folder: Path) -> None:
        before = read_bundle(folder)
        found = self.propose(folder, DOGS | named("more", blob(2, 3, seed=5)) | named("odd", blob(7, 1)))
        assert found.members == {2: tuple(DOGS)}
        assert (found.joined, found.unclustered) == ({1: 3}, 1)
        assert found.bundle.labels.proposed == (2,)
        assert answers(found.bundle, BOOKS | MAPS | DOGS) == [0] * 5 + [1] * 4 + [NOISE] * 6
        assert rows_of(folder).keys() == {*BOOKS, *MAPS, *DOGS}
        accepted = found.bundle.labels.model_copy(update={"proposed": ()})
        assert answers(replace(found.bundle, labels=accepted), DOGS) == [2] * 6
        assert before.manifest.version in found.bundle.manifest.ancestors

    def test_a_proposed_group_near_another_one_takes_nothing_from_it(self, tmp_path: Path) -> None:
        """The Function answers as if it were not there, rather than that what is nearest to it is in none."""
        steps = bridge(1, 2)
        fit(tmp_path / "books", BOOKS | {"step.jpg": steps[1]})
        between = {"between.jpg": steps[1:3].mean(axis=0)}
        before = answers(read_bundle(tmp_path / "books"), between)
        noise = np.random.default_rng(0).normal(size=(6, len(steps[2])))
        beyond = named("beyond", (steps[3] + 0.05 * noise).astype(np.float32))
        found = self.propose(tmp_path / "books", beyond)
        assert (list(found.found), before) == ([1], [0])
        assert answers(found.bundle, between) == before

    def test_a_proposed_group_holds_pictures_of_its_kind_that_a_known_one_would_take(self, folder: Path) -> None:
        steps = bridge(1, 2)
        noise = np.random.default_rng(0).normal(size=(4, len(steps[2])))
        kind = {"near.jpg": steps[1]} | named("kind", (steps[2] + 0.02 * noise).astype(np.float32))
        assert answers(read_bundle(folder), kind) == [0] + [NOISE] * 4
        assert self.propose(folder, kind).members == {2: tuple(kind)}

    def test_part_of_a_known_kind_is_not_proposed(self, folder: Path) -> None:
        more = named("more", blob(2, 8, seed=5))
        assert (self.propose(folder, more).found, self.propose(folder, more | DOGS).members) == ({}, {2: tuple(DOGS)})

    def test_what_was_proposed_or_turned_down_is_not_proposed_again(self, folder: Path) -> None:
        version = self.propose(folder, DOGS).bundle.version
        again = self.propose(folder, DOGS | named("dog again", blob(3, 5, seed=9)))
        assert (again.found, again.joined, again.bundle.version) == ({}, {2: 5}, version)
        label(folder, proposed=(), not_groups=(2,))
        assert self.propose(folder, DOGS | named("dog again", blob(3, 5, seed=9))).found == {}

    def test_labels_without_proposals_are_written_as_before(self, folder: Path) -> None:
        assert b"proposed" not in (folder / "labels.json").read_bytes()
