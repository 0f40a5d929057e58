import pytest

from benchmarks.large import measure


@pytest.mark.slow
def test_measures_cost_memory_and_how_right_the_groups_are() -> None:
    share, memory = measure(5_500, compared=2_000).rows
    assert share.what == "Groups of 5,500 x 512"
    assert share.unit == "x scikit-learn's DBSCAN of 2,000"
    assert share.found > 0
    assert memory.met
    assert "adjusted Rand index" in memory.how
