"""Which pictures are asked about, how they arrive, and that a label counts as the same only where it is."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.arrivals import as_sent, largest
from benchmarks.sizes import CHOSEN, DEFAULT, SIZES, Tally, Way, compare, section
from tests.conftest import encode


def test_the_largest_of_each_kind_are_taken_and_not_too_many_in_all(tmp_path: Path) -> None:
    for kind in range(10):
        folder = tmp_path / f"kind-{kind}"
        folder.mkdir()
        for side in range(1, 11):
            Image.new("L", (side, side)).save(folder / f"{side:02}.png")
    chosen = list(largest(tmp_path))
    assert len(chosen) == 64
    assert {kind for kind, _ in chosen} == {f"kind-{kind}" for kind in range(8)}
    smallest = (tmp_path / "kind-0" / "03.png").read_bytes()
    assert chosen[7] == ("kind-0", smallest)


def test_a_small_picture_arrives_the_same_at_every_size_and_a_large_one_scaled_down() -> None:
    small = Image.radial_gradient("L").convert("RGB")
    assert len({as_sent(encode(small), size) for size in SIZES}) == 1
    large = small.resize((1500, 900))
    assert len({as_sent(encode(large), size) for size in SIZES}) == len(SIZES)


def test_a_label_is_the_same_only_where_it_is() -> None:
    chance = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c", "d"], 20)
    centres = np.repeat(np.eye(4, 16, dtype=np.float32), 20, axis=0)
    originals = centres + chance.normal(0, 0.05, centres.shape).astype(np.float32)
    others = np.roll(originals, 20, axis=0)
    found = compare({0: originals, DEFAULT: originals, CHOSEN: others}, labels, rounds=3)
    assert found[DEFAULT].asked == found[CHOSEN].asked > 0
    assert (found[DEFAULT].share(), max(found[DEFAULT].moved)) == (1, 0)
    assert found[CHOSEN].share() == found[CHOSEN].default_share() < 0.6


def test_a_missed_target_names_the_sets_that_miss_it() -> None:
    tally = {True: Tally(same=100, as_default=100, asked=100), False: Tally(same=90, as_default=100, asked=100)}
    ways: list[Way] = [("antialias", "rmac"), ("antialias", "avg"), ("point", "flatten")]
    made = section(
        {name: {way: dict.fromkeys(SIZES, tally[held]) for way in ways} for name, held in (("a", True), ("b", False))},
        {},
    )
    together, scaling, encoding = made.rows[:3]
    assert [row.found for row in (together, scaling, encoding)] == [0.95, 1, 0.95]
    assert together.how.endswith("; missed by b")
    assert "missed" not in scaling.how
