import numpy as np

from tests.training.clustering.vectors import kinds
from training.clustering.cells import divide
from training.clustering.neighbours import distinct
from training.engine import LOCAL


def test_each_point_is_in_one_cell() -> None:
    points = distinct(kinds(*[40] * 50)[0], "cosine").vectors
    cells = divide(points, LOCAL)
    assert sorted(np.concatenate(cells.members).tolist()) == list(range(len(points)))
    assert 20 < len(cells.members) <= round(len(points) ** 0.5)


def test_a_cell_is_compared_with_itself_and_what_is_around_it() -> None:
    points = distinct(kinds(*[40] * 50)[0], "cosine").vectors
    cells = divide(points, LOCAL)
    for cell, members in enumerate(cells.members):
        around = cells.around(cell)
        assert np.isin(members, around).all()
        assert 32 * len(points) ** 0.5 <= len(around) < len(points)
