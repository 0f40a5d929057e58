import threading

import numpy as np
import pytest

from shared.embedder import BATCH, Embedder
from shared.images import Picture, PictureError, fit
from shared.pipeline import AHEAD, Known, embed_each
from tests.conftest import noise_picture


def test_order_errors_and_known_vectors(embedder: Embedder) -> None:
    pictures = [fit(noise_picture(seed), 240, "antialias") for seed in range(BATCH + 1)]
    known = np.full(512, 7, dtype=np.float32)

    def read(source: int) -> Picture | Known:
        if source == 2:
            raise PictureError("broken")
        return Known(known) if source == 3 else pictures[source]

    outcomes = dict(embed_each(embedder, range(BATCH + 1), read, PictureError))
    assert list(outcomes) == list(range(BATCH + 1))
    assert isinstance(outcomes[2], PictureError)
    assert outcomes[3] is known
    for source in (0, 1, BATCH):
        outcome = outcomes[source]
        assert not isinstance(outcome, Exception)
        assert np.array_equal(outcome, embedder.embed([pictures[source]])[0])


def test_an_unexpected_error_is_raised(embedder: Embedder) -> None:
    def read(source: int) -> Picture:
        raise KeyError(source)

    with pytest.raises(KeyError):
        list(embed_each(embedder, [1], read, PictureError))


def test_only_a_bounded_number_is_read_ahead(embedder: Embedder) -> None:
    read_so_far = 0
    lock = threading.Lock()

    def read(source: int) -> Known:
        nonlocal read_so_far
        with lock:
            read_so_far += 1
        return Known(np.zeros(512, dtype=np.float32))

    iterator = embed_each(embedder, range(10_000), read, PictureError)
    next(iterator)
    assert read_so_far <= AHEAD + BATCH
    iterator.close()
