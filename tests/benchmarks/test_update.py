import pytest

from benchmarks.update import measure


@pytest.mark.slow
def test_measures_updating_beside_training_anew() -> None:
    embedded_before, whole = measure(3_000, embedding=0.1).rows
    assert embedded_before.what == "Updating 3,000 pictures with 300, all embedded before"
    assert embedded_before.found > 0
    assert "new groups found" in embedded_before.how
    # A picture's embedding costs far more than its place: 300 of 3,300.
    assert 1 / 11 < whole.found < 0.2
