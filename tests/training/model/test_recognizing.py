"""Which pictures are those of an earlier training."""

import numpy as np

from shared.embedding.embedder import Vectors
from shared.model.remembered import Remembered, vector_bytes
from tests.training.model.blobs import blob
from training.model.recognizing import recognize, recognize_remembered

KNOWN = np.concatenate([blob(centre, 1) for centre in range(4)])


def away(vectors: Vectors, distance: float) -> Vectors:
    """The embeddings, moved by about this cosine distance."""
    noise = np.random.default_rng(3).normal(size=vectors.shape, scale=vectors.std())
    return (vectors + (2 * distance) ** 0.5 * noise).astype(np.float32)


def test_a_picture_is_known_though_it_was_scaled_and_compressed_and_a_stranger_is_not() -> None:
    vectors = np.concatenate([away(KNOWN, 0.007)[::-1], blob(9, 1), away(KNOWN[:1], 0.02)])
    assert recognize(KNOWN, vectors) == {0: 3, 1: 2, 2: 1, 3: 0}


def test_of_a_series_none_is_taken_for_another_that_is_still_there() -> None:
    assert recognize(KNOWN[:1], np.concatenate([away(KNOWN[:1], 0.003), KNOWN[:1], KNOWN[:1]])) == {1: 0, 2: 0}


def test_a_picture_is_not_taken_for_one_that_is_gone_where_it_is_known_itself() -> None:
    gone, there = KNOWN[:1], away(KNOWN[:1], 0.003)
    assert recognize(gone, there) == {0: 0}
    assert recognize(gone, there, others=np.concatenate([KNOWN, there])) == {}
    assert recognize(gone, KNOWN, others=KNOWN) == {0: 0}


def test_nothing_is_known_where_there_is_nothing() -> None:
    assert recognize(KNOWN[:0], KNOWN) == recognize(KNOWN, KNOWN[:0]) == {}
    assert recognize_remembered([], KNOWN, KNOWN) == {}


def test_what_a_person_decided_about_is_found() -> None:
    entry = Remembered(picture="odd.jpg", vector=vector_bytes(KNOWN[1]))
    assert recognize_remembered([entry], away(KNOWN, 0.003), KNOWN) == {1: entry}
