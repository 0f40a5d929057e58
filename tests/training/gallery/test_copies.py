"""Copies of a picture are found by their embeddings, whoever else is there."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.embedder import Embedder
from shared.model.remembered import SAME
from tests.conftest import PROJECT, encode
from training.gallery import copies
from training.gallery.copies import find_stacks


@pytest.fixture
def pictures() -> NDArray[np.float32]:
    """A hundred embeddings, none like another."""
    return np.random.default_rng(0).normal(size=(100, 512)).astype(np.float32)


def at(vector: NDArray[np.float32], distance: float) -> NDArray[np.float32]:
    """An embedding at this cosine distance from another."""
    other = np.random.default_rng(1).normal(size=vector.shape)
    unit = vector / np.linalg.norm(vector)
    other -= unit * (unit @ other)
    other /= np.linalg.norm(other)
    return ((1 - distance) * unit + np.sqrt(1 - (1 - distance) ** 2) * other).astype(np.float32)


def test_different_pictures_are_in_no_stack(pictures: NDArray[np.float32]) -> None:
    assert find_stacks(pictures) == ()
    assert find_stacks(pictures[:1]) == ()


def test_what_can_not_be_told_apart_is_together_within_its_stack(pictures: NDArray[np.float32]) -> None:
    pictures[7] = pictures[3] * 2
    pictures[50] = at(pictures[3], SAME / 10)
    pictures[90] = at(pictures[3], 0.004)
    pictures[91] = at(pictures[3], 0.006)
    assert find_stacks(pictures) == (((3, 7, 50), (90,)),)


def test_copies_of_copies_do_not_make_a_chain(pictures: NDArray[np.float32]) -> None:
    pictures[1], pictures[2] = at(pictures[0], 0.004), at(pictures[0], 0.012)
    assert find_stacks(pictures) == (((0,), (1,)),)


def test_pictures_are_compared_across_blocks(pictures: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_BLOCK", 8)
    pictures[40], pictures[41], pictures[99] = pictures[3], pictures[90], pictures[3]
    assert find_stacks(pictures) == (((3, 40, 99),), ((41, 90),))


def test_pictures_without_any_feature_are_no_copies(pictures: NDArray[np.float32]) -> None:
    pictures[:3] = 0
    assert find_stacks(pictures) == ()


def test_photographs_compressed_again_are_copies_and_others_of_the_same_things_are_not(embedder: Embedder) -> None:
    one, other = (Image.open(path) for path in sorted((PROJECT / "data" / "test").glob("*.jpg"))[:2])
    contents = [
        encode(one, "JPEG", quality=95),
        encode(other, "JPEG", quality=95),
        encode(one, "JPEG", quality=75),
        encode(other.resize((other.width * 3 // 4, other.height * 3 // 4)), "JPEG", quality=85),
    ]
    vectors = embedder.embed([embedder.picture(content) for content in contents])
    assert find_stacks(vectors) == (((0,), (2,)), ((1,), (3,)))
