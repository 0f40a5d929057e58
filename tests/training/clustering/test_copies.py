import numpy as np
import pytest

from shared.embedding.embedder import Vectors
from tests.training.clustering.vectors import kinds
from training.clustering.clusters import Parameters, find_groups
from training.clustering.copies import COPIES, folded
from training.clustering.neighbours import Points, distinct, nearest_neighbours


def at(*degrees: float) -> Vectors:
    """Unit vectors at angles to the first axis."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def fold(vectors: Vectors) -> Points:
    points = distinct(vectors, "cosine")
    return folded(points, nearest_neighbours(points.vectors, "cosine", 10))


STEP = np.degrees(np.arccos(1 - COPIES)) * 0.9
"""From one copy to another; twice as far is too far."""


def test_copies_of_one_picture_are_one_point() -> None:
    vectors = at(40, 40 + STEP / 2, 40 - STEP / 2, 80, 80)
    points = fold(vectors)
    assert len(points) == 2
    assert sorted(points.copies.tolist()) == [2, 3]
    assert len(set(points.which[:3].tolist())) == len(set(points.which[3:].tolist())) == 1
    assert points.vectors.tolist() == distinct(vectors[points.rows], "cosine").vectors.tolist()


def test_it_is_known_how_far_the_farthest_copy_is() -> None:
    points = fold(at(40, 40 + STEP, 80, 80))
    assert sorted(points.spread.tolist()) == [0, pytest.approx(1 - np.cos(np.radians(STEP)), rel=1e-3)]


def test_no_chain_leads_from_one_picture_to_another() -> None:
    points = fold(at(*(10 + STEP * np.arange(9))))
    firsts = distinct(points.vectors, "cosine").vectors
    apart = 1 - firsts @ firsts.T + np.eye(len(firsts))
    assert 1 < len(points) < 9
    assert apart.min() > COPIES


def test_pictures_that_are_no_copies_stay_as_they_are() -> None:
    vectors, _ = kinds(20, 20)
    points = distinct(vectors, "cosine")
    assert len(fold(vectors)) == len(points) == 40


def with_copies(vectors: Vectors, seed: int) -> Vectors:
    """A third of the pictures three times more, compressed again."""
    chance = np.random.default_rng(seed)
    copied = np.repeat(chance.permutation(len(vectors))[: len(vectors) // 3], 3)
    noise = chance.normal(size=(len(copied), vectors.shape[1]))
    noise *= 0.04 * np.linalg.norm(vectors[copied], axis=1, keepdims=True) / np.linalg.norm(noise, axis=1)[:, None]
    return np.concatenate([vectors, vectors[copied] + noise]).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_copies_make_no_groups_of_their_own(seed: int) -> None:
    vectors, _ = kinds(25, 25, 25, spread=0.7)
    every = with_copies(vectors, seed)
    assert find_groups(every, Parameters()).clusters.count == find_groups(vectors, Parameters()).clusters.count == 3


@pytest.mark.parametrize("seed", range(6))
def test_copies_do_not_make_unlike_pictures_look_like_groups(seed: int) -> None:
    unlike = np.random.default_rng(seed).gamma(1, 1, (40, 64)).astype(np.float32)
    alone, copied = (find_groups(some, Parameters()).choice for some in (unlike, with_copies(unlike, seed)))
    assert alone
    assert copied
    assert alone.weak
    assert copied.weak


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_copies_does_not_matter(seed: int) -> None:
    every = with_copies(kinds(25, 25, 25, spread=0.7)[0], seed)
    order = np.random.default_rng(seed).permutation(len(every))
    one, other = (find_groups(some, Parameters()).clusters for some in (every, every[order]))
    assert sorted(one.radius.tolist()) == sorted(other.radius.tolist())
    assert np.array_equal(one.core[order], other.core)


def test_many_copies_of_one_picture_are_a_group() -> None:
    vectors, _ = kinds(25, 25, 1, spread=0.6)
    logo = vectors[-1] * (1 + 0.02 * np.random.default_rng(0).normal(size=(12, vectors.shape[1])))
    found = find_groups(np.concatenate([vectors, logo.astype(np.float32)]), Parameters()).clusters
    assert len({*found.labels[-13:].tolist()}) == 1
    assert found.labels[-1] not in {-1, *found.labels[:-13].tolist()}


def test_unlike_pictures_that_are_all_copied_are_groups_by_their_copies() -> None:
    vectors = np.random.default_rng(1).gamma(1, 1, (25, 64)).astype(np.float32)
    alone, copied = (find_groups(some, Parameters()) for some in (vectors, vectors.repeat(5, axis=0)))
    assert alone.choice
    assert alone.choice.weak
    assert copied.clusters.count > 4 * alone.clusters.count
