"""Pictures that were removed are known by their embeddings."""

import numpy as np

from shared.model.exclusions import Excluded, counterexamples, find_excluded

VECTORS = np.abs(np.random.default_rng(0).normal(size=(5, 512))).astype(np.float32)


def out(row: int, *clusters: int) -> Excluded:
    return Excluded(picture=f"{row}.jpg", clusters=clusters, vector=VECTORS[row].tobytes())


def test_a_picture_is_found_however_its_embedding_is_rounded() -> None:
    entries = [out(0, 1), out(3, 2)]
    rounded = (VECTORS * np.random.default_rng(1).uniform(1 - 1e-6, 1 + 1e-6, VECTORS.shape)).astype(np.float32)
    assert find_excluded(entries, rounded) == {0: entries[0], 3: entries[1]}


def test_copies_are_found_and_likenesses_are_not() -> None:
    alike = VECTORS[[0]] + 0.03 * VECTORS[[1]]
    assert find_excluded([out(0, 1)], np.concatenate([alike, VECTORS[[0, 0]]], dtype=np.float32)).keys() == {1, 2}


def test_where_nothing_was_removed_nothing_is_found() -> None:
    assert find_excluded([], VECTORS) == {}


def test_each_cluster_has_its_counterexamples() -> None:
    found = counterexamples([out(0, 1), out(3, 2, 1)])
    assert found.keys() == {1, 2}
    assert (found[1] == VECTORS[[0, 3]]).all()
    assert (found[2] == VECTORS[[3]]).all()


def test_messages_leave_the_embedding_out() -> None:
    assert repr(out(0, 1)) == "Excluded(picture='0.jpg', clusters=(1,))"
