"""Training where the disk is full or can't be written to: the message names the file, and what was there stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shared.model.bundle import Labels, read_bundle
from shared.pictures.folder import FileSource, find_pictures
from shared.pictures.source import Source
from tests.bundles import SPEC, make_bundle
from tests.conftest import noise_picture
from tests.disks import make_read_only, small_disk
from tests.training.plain_embedder import Counted, plain_embedder
from training.assignment.assign import AssignError, Format, Row, write_rows
from training.embedding.cache import CacheError, EmbeddingCache
from training.embedding.embeddings import embed_pictures


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, SPEC.dimensions)).astype(np.float32)


def test_a_model_that_does_not_fit_leaves_the_previous_one(tmp_path: Path, vectors: np.ndarray) -> None:
    with small_disk(kilobytes=64) as disk:
        before = make_bundle(disk / "books", vectors, [0, 0, 1, 1], Labels(labels={0: ("open book",)}))
        many = np.tile(vectors, (8, 1))
        with pytest.raises(OSError, match="No space left on device") as caught:
            make_bundle(disk / "books", many, [0] * 32, Labels(labels={0: ("another",)}))
        assert str(caught.value.filename).startswith(str(disk / "books"))
        assert read_bundle(disk / "books").version == before.version
        (disk / "books").rename(disk / "moved")
        assert read_bundle(disk / "moved").labels == before.labels


def test_a_read_only_disk_is_named(tmp_path: Path, vectors: np.ndarray) -> None:
    with small_disk(kilobytes=64) as disk:
        before = make_bundle(disk / "books", vectors, [0, 0, 1, 1])
        make_read_only(disk)
        with pytest.raises(OSError, match="Read-only file system") as caught:
            make_bundle(disk / "books", vectors[:2], [0, 0])
        assert str(caught.value.filename).startswith(str(disk / "books"))
        assert read_bundle(disk / "books").version == before.version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seventy pictures: more than two commits of the cache."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(70):
        noise_picture(seed).save(folder / f"{seed:02}.png")
    return folder


def test_a_cache_on_a_full_disk_is_named_and_keeps_its_contents(tmp_path: Path, folder: Path) -> None:
    sources = find_pictures(folder)
    with small_disk(kilobytes=1024) as disk:
        file = disk / "embeddings.sqlite"
        with closing(EmbeddingCache(SPEC, file)) as cache:
            embed_pictures(sources[:32], plain_embedder(), cache)
            room = next(size for size in range(4, 1024, 4) if not _fits(disk / "ballast", size))
            (disk / "ballast").write_bytes(bytes((room - 8) << 10))
            with pytest.raises(CacheError, match=rf"{file} can't be used: database or disk is full"):
                embed_pictures(sources, plain_embedder(), cache)
        (disk / "ballast").unlink()
        backend = Counted()
        with closing(EmbeddingCache(SPEC, file)) as cache:
            assert len(embed_pictures(sources, plain_embedder(backend), cache).names) == 70
        assert backend.pictures <= 70 - 32


def test_a_read_only_cache_is_named(tmp_path: Path, folder: Path) -> None:
    with small_disk(kilobytes=512) as disk:
        make_read_only(disk)
        with pytest.raises(CacheError, match=rf"{disk}/embeddings.sqlite can't be used"):
            EmbeddingCache(SPEC, disk / "embeddings.sqlite")


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_table_on_a_full_disk_is_named_and_resumed(tmp_path: Path, format: Format) -> None:
    sources = [FileSource(f"{number:04}.png", Path(f"{number:04}.png")) for number in range(500)]
    asked: list[str] = []

    def assign(rest: Sequence[Source]) -> Iterator[Row]:
        for source in rest:
            asked.append(source.name)
            yield Row(source.name, None, "v1", "it is empty (0 bytes)")

    with small_disk(kilobytes=64) as disk:
        output = disk / f"labels.{format}"
        (disk / "ballast").write_bytes(bytes(56 << 10))
        with pytest.raises(AssignError, match=rf"the disk is too full for {output}\.part: free some space"):
            write_rows(output, format, sources, assign, version="v1")
        assert 100 < len(asked) < 500
        (disk / "ballast").unlink()
        write_rows(output, format, sources, assign, version="v1")
        assert len(output.read_text(encoding="utf-8").splitlines()) == 500 + (format == "csv")
    assert len(asked) <= 500 + 1, "only the row that found no room was asked for again"


def _fits(file: Path, kilobytes: int) -> bool:
    try:
        file.write_bytes(bytes(kilobytes << 10))
    except OSError:
        return False
    finally:
        file.unlink(missing_ok=True)
    return True
