"""Pictures that are removed, replaced or cut short between being listed and being read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shared.pictures.folder import FileSource, find_pictures
from tests.bundles import SPEC
from tests.conftest import encode, noise_picture
from tests.training.plain_embedder import plain_embedder
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import Embedded, NothingReadableError, embed_pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(40):
        (folder / f"{seed:02}.png").write_bytes(encode(noise_picture(seed)))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Generator[EmbeddingCache]:
    with closing(EmbeddingCache(SPEC, tmp_path / "embeddings.sqlite")) as cache:
        yield cache


def remove(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_text(path: Path) -> None:
    path.write_text("no picture", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (remove, "it can't be opened (No such file or directory)"),
        (cut_short, "it is damaged or cut short (image file is truncated)"),
        (empty, "it is empty (0 bytes)"),
        (make_a_folder, "it can't be opened (Is a directory)"),
        (replace_by_text, "it is not a picture in any known format"),
    ],
)
def test_what_can_no_longer_be_read_is_skipped_with_the_reason(
    folder: Path, cache: EmbeddingCache, change: Callable[[Path], None], reason: str
) -> None:
    sources = find_pictures(folder)
    change(folder / "30.png")
    found = embed_pictures(sources, plain_embedder(), cache)
    assert found.skipped == {"30.png": reason}
    assert len(found.names) == 39


def test_a_replaced_picture_counts_as_it_is_when_it_is_read(folder: Path, cache: EmbeddingCache) -> None:
    sources = find_pictures(folder)
    (folder / "30.png").write_bytes(encode(noise_picture(99)))
    found = embed_pictures(sources, plain_embedder(), cache)
    assert np.array_equal(vector(found, "30.png"), embedding_of(99))


def test_a_picture_replaced_while_it_is_read_is_not_remembered_as_the_one_before(
    folder: Path, cache: EmbeddingCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = folder / "30.png", folder.parent / "kept.png"
    shutil.copy2(path, kept)
    read = FileSource.content

    def replaced(self: FileSource) -> bytes:
        if self.path == path:
            path.write_bytes(encode(noise_picture(99)))
        return read(self)

    with monkeypatch.context() as patch:
        patch.setattr(FileSource, "content", replaced)
        found = embed_pictures(find_pictures(folder), plain_embedder(), cache)
    assert np.array_equal(vector(found, "30.png"), embedding_of(99))
    shutil.copy2(kept, path)
    os.utime(path, ns=(kept.stat().st_atime_ns, kept.stat().st_mtime_ns))
    again = embed_pictures(find_pictures(folder), plain_embedder(), cache)
    assert np.array_equal(vector(again, "30.png"), embedding_of(30))


def test_a_missing_folder_is_reported(folder: Path, cache: EmbeddingCache) -> None:
    sources = find_pictures(folder)
    shutil.rmtree(folder)
    with pytest.raises(NothingReadableError, match=r"none of the 40 pictures .* 00\.png: it can't be opened"):
        embed_pictures(sources, plain_embedder(), cache)


def vector(found: Embedded, name: str) -> np.ndarray:
    return found.vectors[found.names.index(name)]


def embedding_of(seed: int) -> np.ndarray:
    embedder = plain_embedder()
    return embedder.embed([embedder.picture(encode(noise_picture(seed)))])[0]
