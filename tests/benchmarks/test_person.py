"""A person who names the pictures of a labelled set, simulated."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.groups.packages import UnavailableError
from benchmarks.groups.person import clicks, effort, main, toggles
from benchmarks.groups.sets import LabelledSet
from shared.embedding.vgg16 import CHANNELS
from tests.training.galleries import draw
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


@pytest.mark.slow
def test_the_command_prints_a_line_a_set_and_says_which_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pictures() -> Iterator[tuple[str, Image.Image]]:
        yield from ((str(kind), draw(kind, copy)) for kind in range(2) for copy in range(9))

    def nothing() -> Iterator[tuple[str, Image.Image]]:
        raise UnavailableError("it is not here")

    for module in ("sets", "embedding"):
        monkeypatch.setattr(f"benchmarks.groups.{module}.CACHE", tmp_path)
    sets = (LabelledSet("noise", "drawn here", pictures), LabelledSet("lost", "nowhere", nothing))
    monkeypatch.setattr("benchmarks.groups.person.SETS", sets)
    monkeypatch.setattr(sys, "argv", ["person"])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].startswith("| noise | 18 | ")
    assert lines[-2] == "lost left out: it is not here"
    assert lines[-1] == lines[-3].replace("noise", "**all**")
