"""A person who names the pictures of a labelled set, simulated."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from benchmarks.groups.person import clicks, effort, toggles
from shared.embedding.vgg16 import CHANNELS
from tests.training.plain_embedder import plain_embedder
from training.model.options import Options


@pytest.mark.slow
def test_a_person_needs_at_most_half_the_actions_that_one_picture_at_a_time_takes() -> None:
    """On handwritten digits, whose pixels, with so much noise that groups are mixed, stand for embeddings."""
    pixels, kinds = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(pixels))[:300]
    vectors = np.zeros((len(rows), CHANNELS), dtype=np.float32)
    vectors[:, : pixels.shape[1]] = pixels[rows] + np.random.default_rng(1).normal(scale=3, size=pixels[rows].shape)
    found = effort(vectors, kinds[rows].astype(np.str_), plain_embedder(), Options("digits"))
    assert found.pictures == 300
    assert 0 < found.after <= found.before / 2


def test_a_row_of_pictures_takes_one_drag_and_a_single_one_a_click() -> None:
    assert clicks([3], [1, 3, 2]) == 1
    assert clicks([1, 3, 2, 5], [1, 3, 2, 4, 5]) == 2


def test_the_pictures_of_a_question_take_the_fewest_clicks_that_select_them() -> None:
    assert toggles(np.array([True, True, False]), likely=2) == 0
    assert toggles(np.array([True, False, True]), likely=2) == 2
    assert toggles(np.array([True, True, True, True]), likely=0) == 1
