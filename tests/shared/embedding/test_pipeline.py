import gc
import threading
import time
import weakref
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.deadline import Deadline
from shared.embedding.backends import Features
from shared.embedding.embedder import BATCH, Embedder
from shared.embedding.images import Picture, PictureError, fit
from shared.embedding.pipeline import PREFETCH, CachedEmbedding, LateError, NoMemoryError, Vector, embed_each
from tests.conftest import noise_picture
from tests.training.plain_embedder import colour_grid, plain_embedder


def test_order_errors_and_known_vectors(embedder: Embedder) -> None:
    pictures = [fit(noise_picture(seed), 240, "antialias") for seed in range(BATCH + 1)]
    known = np.full(512, 7, dtype=np.float32)

    def read(source: int) -> Picture | CachedEmbedding:
        if source == 2:
            raise PictureError("broken")
        return CachedEmbedding(known) if source == 3 else pictures[source]

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

    def read(source: int) -> CachedEmbedding:
        nonlocal read_so_far
        with lock:
            read_so_far += 1
        return CachedEmbedding(np.zeros(512, dtype=np.float32))

    iterator = embed_each(embedder, range(10_000), read, PictureError)
    next(iterator)
    assert read_so_far <= PREFETCH + BATCH
    iterator.close()


def picture(seed: int) -> Picture:
    return fit(noise_picture(seed), 240, "antialias")


def test_nothing_is_begun_after_the_deadline() -> None:
    begun: list[int] = []

    def read(source: int) -> Picture:
        begun.append(source)
        return picture(source)

    outcomes = [
        outcome for _, outcome in embed_each(plain_embedder(), range(100), read, PictureError, None, Deadline(0))
    ]
    assert len(outcomes) == 100
    assert all(isinstance(outcome, LateError) for outcome in outcomes)
    assert begun == []


def test_a_picture_that_decodes_slowly_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.embedding.pipeline._RESERVE_SECONDS", 0.5)
    released = threading.Event()

    def read(source: int) -> Picture:
        if source == 1:
            released.wait(30)
        return picture(source)

    started = time.monotonic()
    try:
        outcomes = list(embed_each(plain_embedder(), range(PREFETCH), read, PictureError, None, Deadline(1)))
    finally:
        elapsed = time.monotonic() - started
        released.set()
    assert [source for source, outcome in outcomes if isinstance(outcome, LateError)] == [1]
    assert [source for source, _ in outcomes] == list(range(PREFETCH))
    assert elapsed < 2


def test_the_network_takes_no_batch_that_would_end_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.embedding.pipeline._RESERVE_SECONDS", 0)
    begun: list[float] = []

    def slow(batch: NDArray[np.float32]) -> Features:
        begun.append(deadline.left())
        time.sleep(0.3)
        return colour_grid(batch)

    sources = range(10 * BATCH)
    deadline = Deadline(2)
    outcomes = list(embed_each(plain_embedder(slow), sources, picture, PictureError, None, deadline))
    assert min(begun) > 0.25
    late = [isinstance(outcome, LateError) for _, outcome in outcomes]
    assert late == sorted(late)
    assert 0 < sum(late) < len(late)


class Tight:
    """A backend with memory for so many pictures at once."""

    def __init__(self, room: int) -> None:
        self.batches: list[int] = []
        self._room = room

    def __call__(self, batch: NDArray[np.float32]) -> Features:
        if len(batch) > self._room:
            raise MemoryError
        self.batches.append(len(batch))
        return colour_grid(batch)


@pytest.mark.parametrize(("room", "batches"), [(4, [4]), (3, [2, 2]), (2, [2, 2]), (1, [1, 1, 1, 1])])
def test_batches_are_halved_when_memory_is_short(room: int, batches: list[int]) -> None:
    backend = Tight(room)
    outcomes = dict(embed_each(plain_embedder(backend), range(4), picture, PictureError))
    assert backend.batches == batches
    whole = plain_embedder().embed([picture(seed) for seed in range(4)])
    assert np.array_equal(np.stack([cast("Vector", outcomes[seed]) for seed in range(4)]), whole)


def test_where_not_even_one_picture_fits_each_fails_by_itself() -> None:
    outcomes = list(embed_each(plain_embedder(Tight(0)), range(5), picture, PictureError))
    assert [type(outcome) for _, outcome in outcomes] == [NoMemoryError] * 5


class Content(str):
    """A picture's text, whose end can be watched."""

    __slots__ = ("__weakref__",)


def test_a_failed_picture_holds_no_reference_to_its_source() -> None:
    """Four requests of 98 MB with failing pictures left a worker with 859 MB: exceptions held frames, frames texts."""
    texts: list[weakref.ref[Content]] = []

    def read(source: int) -> Picture:
        text = Content(source)
        texts.append(weakref.ref(text))
        try:
            raise KeyError(text)
        except KeyError as error:
            if source % 2:
                raise PictureError("broken") from error
            raise OSError("another") from error

    def unexpected(error: Exception) -> Exception:
        return error

    gc.disable()
    try:
        found = embed_each(plain_embedder(), range(6), read, PictureError, unexpected=unexpected)
        kept = [outcome for _, outcome in found]
        assert [type(outcome) for outcome in kept] == [OSError, PictureError] * 3
        assert [text() for text in texts] == [None] * 6
    finally:
        gc.enable()
