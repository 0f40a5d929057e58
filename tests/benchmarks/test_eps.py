from __future__ import annotations

import struct
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.eps import drawn
from benchmarks.eps.evaluate import evaluate, subsets
from benchmarks.eps.packages import UnavailableError, qt_resources


def test_subsets_are_of_three_to_ten_groups_and_thirty_to_four_hundred_pictures() -> None:
    labels = np.repeat([f"group {number}" for number in range(14)], 35)
    chosen = list(subsets(labels, 50, seed=1))
    assert len(chosen) == 50
    for rows in chosen:
        assert 3 <= len(np.unique(labels[rows])) <= 10
        assert 30 <= len(rows) == len(np.unique(rows)) <= 400
    assert min(map(len, chosen)) < 50
    assert max(map(len, chosen)) > 250


def test_clear_groups_are_found_by_all_but_the_plain_recipes() -> None:
    chance = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 20)
    vectors = (chance.gamma(1, 1, (6, 64))[labels] * chance.gamma(10, 0.1, (120, 64))).astype(np.float32)
    result = evaluate(vectors, [str(label) for label in labels], 3, "cosine")
    assert result.best == result.chosen == 1
    assert 0 <= result.knee < 1


def test_reads_what_qt_packs(tmp_path: Path) -> None:
    def named(text: str) -> bytes:
        return struct.pack(">HI", len(text), 0) + text.encode("utf-16-be")

    names = named("kind") + named("one.txt")
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHII", 0, 2, 1, 2)
    tree += struct.pack(">IHHHI", len(named("kind")), 0, 0, 0, 0)
    content = struct.pack(">I", 5) + b"hello"
    header = struct.pack(">4sIIII", b"qres", 1, 20, 20 + len(tree), 20 + len(tree) + len(content))
    path = tmp_path / "pictures.rcc"
    path.write_bytes(header + tree + content + names)
    assert dict(qt_resources(path)) == {"/kind/one.txt": b"hello"}
    path.write_bytes(b"PK" + bytes(18))
    with pytest.raises(UnavailableError, match=r"pictures\.rcc is no Qt resource collection"):
        list(qt_resources(path))


def test_drawn_pictures_are_the_same_every_time() -> None:
    photograph = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    for make in (drawn.shapes, lambda: drawn.details([photograph] * 3, 0.3)):
        first, second = ([(label, picture.tobytes()) for label, picture in islice(make(), 40)] for _ in range(2))
        assert first == second
        assert len({label for label, _ in first}) > 1
        assert len({content for _, content in first}) == len(first)


def test_there_are_ten_digits() -> None:
    labels = [label for label, _ in drawn.digits()]
    assert sorted(set(labels)) == list("0123456789")
