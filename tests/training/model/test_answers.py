"""Answers with new groups beside a model's are those of a model that has them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import override

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.model.assigner import Assigned, Assigner
from shared.model.bundle import Arrays, Labels
from shared.model.exclusions import Excluded
from shared.model.parts import Edits
from shared.model.remembered import Placed, vector_bytes
from training.model.answers import Answers

GROUPS, NEW = 6, 2
LIMITS = np.full(GROUPS + NEW, 0.6, dtype=np.float32)
CATEGORIES = {"cat": (0, 1, 2, 6), "dog": (3, 4, 5, 7)}


def directions(seed: int, count: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)


def arrays(vectors: NDArray[np.float32], clusters: Sequence[int]) -> Arrays:
    of_each = np.array(clusters, dtype=np.int32)
    return Arrays(vectors, of_each, LIMITS, LIMITS, np.zeros(len(of_each), dtype=np.int32))


OLD = arrays(directions(0, 30), [row % GROUPS for row in range(30)])
FOUND = arrays(directions(1, 8), [GROUPS + row % NEW for row in range(8)])
ALL = arrays(np.concatenate([OLD.vectors, FOUND.vectors]), [*OLD.clusters.tolist(), *FOUND.clusters.tolist()])
PICTURES = np.concatenate([directions(2, 200), FOUND.vectors, OLD.vectors])


class Counting(Assigner):
    """Counts what it is asked."""

    asked = 0

    @override
    def assign(self, vectors: NDArray[np.float32], category: str | None = None) -> Assigned:
        self.asked += len(vectors)
        return super().assign(vectors, category)


@pytest.mark.parametrize("by_category", [False, True])
def test_they_are_those_of_a_model_with_all_groups(by_category: bool) -> None:
    decided = [
        Placed(picture=f"{row}.png", vector=vector_bytes(PICTURES[row]), cluster=row % GROUPS - 1) for row in range(40)
    ]
    excluded = Excluded(picture="x.png", vector=vector_bytes(PICTURES[50]), clusters=(0, 1))
    labels = Labels(edits=Edits(placed=tuple(decided[:20]), held=tuple(decided[20:]), excluded=(excluded,)))
    categories = CATEGORIES if by_category else {}
    of_each = [("cat", "dog", None)[row % 3] if by_category else None for row in range(len(PICTURES))]
    model = Counting(OLD, labels, "cosine", categories)
    answers = Answers(model, PICTURES, of_each)
    everything = np.arange(len(PICTURES))
    before = answers.before(everything[::2])
    found = answers.after(answers.alone(Assigner(FOUND, Labels(), "cosine", categories)), everything)
    expected = Assigner(ALL, labels, "cosine", categories).assign_each(PICTURES, of_each)
    assert (found.clusters == expected.clusters).all()
    assert (found.near == expected.near).all()
    assert found.distances == pytest.approx(expected.distances, abs=1e-6)
    assert (found.decided == expected.decided).all()
    assert found.decided.sum() == 40
    assert (np.unique(found.clusters) == np.arange(-1, GROUPS + NEW)).all()
    assert (before.clusters == model.assign_each(PICTURES[::2], of_each[::2]).clusters).all()


def test_each_picture_is_compared_with_the_model_once() -> None:
    model = Counting(OLD, Labels(), "cosine")
    answers = Answers(model, PICTURES, [None] * len(PICTURES))
    new = answers.alone(Assigner(FOUND, Labels(), "cosine"))
    for rows in (np.arange(5), np.arange(3, 10), np.arange(10)):
        answers.before(rows)
        answers.after(new, rows)
    assert model.asked == 10
