from __future__ import annotations

import struct
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.groups import drawn
from benchmarks.groups.evaluate import best_index, episodes, evaluate
from benchmarks.groups.packages import UnavailableError, qt_resources
from benchmarks.groups.unrelated import outcome, related, unrelated
from tests.training.clustering.vectors import kinds
from training.clustering.clusters import Parameters


def test_episodes_hold_out_a_fifth_and_kinds_never_trained_on() -> None:
    labels = np.repeat([f"kind {number}" for number in range(14)], 60)
    *subsets, whole = episodes(labels, 20, seed=1)
    assert len(subsets) == 20
    for one in subsets:
        kinds = set(labels[one.trained])
        assert 3 <= len(kinds) <= 10
        assert kinds == set(labels[one.asked])
        assert kinds.isdisjoint(labels[one.strangers])
        assert len(one.trained) == pytest.approx(4 * len(one.asked), rel=0.4)
        assert len(np.unique(np.concatenate([one.trained, one.asked, one.strangers]))) == sum(
            map(len, (one.trained, one.asked, one.strangers))
        )
    assert len(whole.trained) + len(whole.asked) == len(labels)
    assert len(whole.strangers) == 0


def test_clear_kinds_leave_nothing_to_be_desired() -> None:
    vectors, kinds_of = kinds(*[30] * 6)
    labels = kinds_of.astype(str)
    one = next(episodes(labels, 1, seed=0))
    found = evaluate(vectors, labels, one, Parameters())
    assert found.index > 0.95
    assert found.right > 0.9
    assert found.right_of_named == 1
    assert best_index(vectors[one.trained], labels[one.trained].tolist()) >= found.index - 0.05


def test_no_groups_name_nothing() -> None:
    vectors, kinds_of = kinds(*[30] * 6)
    found = evaluate(vectors, kinds_of.astype(str), next(episodes(kinds_of.astype(str), 1, 0)), Parameters(loosest=0))
    assert (found.index, found.right, found.strangers_named) == (0, 0, 0)


def test_unrelated_pictures_are_of_different_kinds() -> None:
    sets = [
        (np.arange(10 * s, 10 * s + 60, 2, dtype=np.float32)[:, None], np.repeat(list("abcdef"), 5)) for s in (0, 10)
    ]
    chance = np.random.default_rng(0)
    for most in (2, None):
        drawn = unrelated(sets, chance, most).ravel()
        assert len(drawn) == len(set(drawn // 10)) == (4 if most else 12)


def test_related_pictures_are_so_many_of_a_few_kinds() -> None:
    vectors, kinds_of = kinds(*[30] * 6)
    labels = kinds_of.astype(str)
    drawn = related([(vectors, labels)], np.random.default_rng(0), 7)
    assert len(drawn) in (21, 28)
    assert outcome(drawn, Parameters(loosest=0.46)) == "groups"
    assert outcome(drawn, Parameters(loosest=0)) == "none"


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
