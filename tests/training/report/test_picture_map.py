"""The map keeps neighbours together, fits its frame, and is the same each time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from training.report.picture_map import place

type Points = NDArray[np.float32]


def blobs(groups: int, each: int, dimensions: int = 64) -> Points:
    random = np.random.default_rng(1)
    centres = random.normal(size=(groups, 1, dimensions))
    return (centres + 0.15 * random.normal(size=(groups, each, dimensions))).reshape(-1, dimensions).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 40])
def test_every_picture_is_in_the_frame(count: int) -> None:
    positions = place(blobs(1, count))
    assert positions.shape == (count, 2)
    assert np.isfinite(positions).all()
    assert positions.min() >= -1e-6
    assert positions.max() <= 1 + 1e-6


def test_identical_pictures_share_a_place() -> None:
    assert np.allclose(place(np.ones((9, 16), dtype=np.float32)), 0.5)


def test_the_same_pictures_give_the_same_map() -> None:
    points = blobs(4, 15)
    assert np.array_equal(place(points), place(points))


def neighbours_share_a_group(positions: Points, each: int) -> float:
    distances = np.square(positions[:, None] - positions[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    groups = np.arange(len(positions)) // each
    return float((groups[distances.argmin(axis=1)] == groups).mean())


def test_alike_pictures_are_neighbours() -> None:
    assert neighbours_share_a_group(place(blobs(5, 20)), 20) > 0.98


def test_pictures_beyond_the_landmarks_go_where_the_ones_like_them_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.report.picture_map._LANDMARKS", 60)
    assert neighbours_share_a_group(place(blobs(4, 60)), 60) > 0.98
