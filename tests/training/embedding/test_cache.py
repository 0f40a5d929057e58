import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from shared.embedding.embedder import EmbedderSpec
from shared.embedding.pipeline import Vector
from tests.bundles import SPEC
from training.embedding import cache as embedding_cache
from training.embedding.cache import CacheError, EmbeddingCache

VECTORS = np.random.default_rng(0).normal(size=(500, 512)).astype(np.float32)

type Open = Callable[..., EmbeddingCache]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "embeddings.sqlite"


@pytest.fixture
def open_cache(file: Path) -> Generator[Open]:
    opened: list[EmbeddingCache] = []

    def open_it(spec: EmbedderSpec = SPEC) -> EmbeddingCache:
        opened.append(EmbeddingCache(spec, file))
        return opened[-1]

    yield open_it
    for cache in opened:
        cache.close()


def rows(count: int = len(VECTORS)) -> list[tuple[str | None, str, Vector]]:
    return [(f"file {number}", f"content {number}", VECTORS[number]) for number in range(count)]


def same(found: Vector | None, expected: Vector) -> bool:
    return found is not None and found.dtype == np.float32 and np.array_equal(found, expected)


@contextmanager
def database(file: Path) -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


def test_what_is_remembered_is_found_again_to_the_bit(open_cache: Open) -> None:
    open_cache().remember(rows(3))
    again = open_cache()
    for number in range(3):
        assert same(again.by_fingerprint(f"file {number}"), VECTORS[number])
        assert same(again.by_content(f"content {number}"), VECTORS[number])


def test_what_was_never_remembered_is_missing(open_cache: Open) -> None:
    cache = open_cache()
    cache.remember([(None, "content", VECTORS[0])])
    assert cache.by_content("other content") is None
    assert cache.by_fingerprint("file") is None
    assert cache.by_fingerprint(None) is None


def test_a_changed_file_leads_to_its_new_content(open_cache: Open) -> None:
    cache = open_cache()
    cache.remember([("file", "old", VECTORS[0])])
    cache.remember([("file", "new", VECTORS[1])])
    assert same(cache.by_fingerprint("file"), VECTORS[1])
    assert same(cache.by_content("old"), VECTORS[0])


@pytest.mark.parametrize("change", [{"pooling": "max"}, {"pooling": "flatten"}, {"resize": "point"}, {"input": 224}])
def test_different_specs_do_not_mix(open_cache: Open, change: dict[str, object]) -> None:
    open_cache().remember(rows(1))
    assert open_cache(SPEC.model_copy(update=change)).by_fingerprint("file 0") is None


def test_another_release_of_the_engine_does_not_mix(open_cache: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    open_cache().remember(rows(1))
    monkeypatch.setattr(embedding_cache, "version", {"onnxruntime": "0.0.1"}.__getitem__)
    assert open_cache().by_content("content 0") is None


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE embeddings SET vector = zeroblob(2048)",
        "UPDATE embeddings SET vector = substr(vector, 1, 1024)",
        "UPDATE embeddings SET checksum = checksum + 1",
        "UPDATE embeddings SET vector = x''",
        "DELETE FROM embeddings",
    ],
)
def test_a_corrupt_entry_is_a_miss_and_can_be_remembered_again(open_cache: Open, file: Path, damage: str) -> None:
    cache = open_cache()
    cache.remember(rows(1))
    with database(file) as connection:
        connection.execute(damage)
    assert cache.by_fingerprint("file 0") is None
    cache.remember(rows(1))
    assert same(cache.by_fingerprint("file 0"), VECTORS[0])


def test_a_file_that_is_not_a_database_is_moved_aside(open_cache: Open, file: Path) -> None:
    first = open_cache()
    first.remember(rows(1))
    first.close()
    file.write_bytes(b"not a database" * 1000)
    cache = open_cache()
    assert cache.by_content("content 0") is None
    cache.remember(rows(1))
    assert same(cache.by_content("content 0"), VECTORS[0])
    assert file.with_suffix(".damaged").read_bytes().startswith(b"not a database")


def test_damage_in_the_middle_is_a_miss_and_the_cache_goes_on(open_cache: Open, file: Path) -> None:
    first = open_cache()
    first.remember(rows())
    first.close()
    content = bytearray(file.read_bytes())
    content[8192:] = bytes(len(content) - 8192)  # the first page, which opening reads, is whole
    file.write_bytes(content)
    cache = open_cache()
    assert [cache.by_fingerprint(f"file {number}") for number in range(len(VECTORS))] == [None] * len(VECTORS)
    cache.remember(rows())
    assert same(cache.by_fingerprint("file 499"), VECTORS[499])
    assert file.with_suffix(".damaged").exists()


def test_a_locked_database_is_left_alone(open_cache: Open, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache()
    cache.remember(rows(1))
    monkeypatch.setattr(embedding_cache, "_WAIT_SECONDS", 0.1)
    hasty = open_cache()
    with database(file) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CacheError, match=r"embeddings\.sqlite can't be used: database is locked"):
            hasty.remember(rows(2))
        other.execute("ROLLBACK")
    assert not file.with_suffix(".damaged").exists()
    assert same(open_cache().by_content("content 0"), VECTORS[0])


def test_a_cache_that_cannot_be_opened_is_named(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(CacheError, match=r"embeddings\.sqlite can't be used: unable to open database file"):
        EmbeddingCache(SPEC, file)
    assert file.is_dir()


def test_threads_may_share_a_cache(open_cache: Open) -> None:
    cache = open_cache()

    def work(number: int) -> bool:
        cache.remember(rows(100)[number : number + 1])
        return same(cache.by_fingerprint(f"file {number}"), VECTORS[number])

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(100)))


def test_closing_waits_for_readers_who_then_find_nothing(open_cache: Open) -> None:
    """SQLite crashes the process where a connection is closed while a thread reads through it."""
    cache = open_cache()
    cache.remember(rows(50))
    stop = threading.Event()

    def read() -> Vector | None:
        while not stop.is_set():
            cache.by_content("content 3")
        return cache.by_content("content 3")

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        cache.close()
        stop.set()
    assert [reader.result() for reader in readers] == [None, None]
