"""Embedding by workers: the same as by this process, or a reason. The graph is tiny; the processes are real."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import override

import numpy as np
import pytest

from shared.embedding.embedder import Embedder, EmbedderSpec, open_embedder
from shared.embedding.images import PictureError
from shared.pictures.folder import FileSource, find_pictures
from shared.pictures.listing import pictures_at
from shared.stores.base import StoreError
from tests.conftest import encode, encoded_pictures, noise_picture
from tests.stores import Container
from tests.tiny_models import tiny_model
from tests.training.dask_cluster import DaskCluster
from training.embedding import workers as embedding_workers
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_pictures, embed_sources
from training.embedding.tasks import Job, embed_some
from training.embedding.workers import Workers
from training.engine import Engine, EngineError, open_engine, toolchain

COUNT = 41


class Local(FileSource):
    """A picture that only the process whose number it is named by can read."""

    @override
    def content(self) -> bytes:
        if self.name != f"{os.getpid()}.png":
            raise PictureError("it can't be opened (No such file or directory)")
        return FileSource.content(self)


@pytest.fixture
def graph_file(tmp_path: Path) -> Path:
    tiny_model(tmp_path / "models")
    (path,) = (tmp_path / "models" / "embedders").iterdir()
    return path


@pytest.fixture
def spec(tmp_path: Path, graph_file: Path) -> EmbedderSpec:
    return tiny_model(graph_file.parents[1]).manifest.embedder


@pytest.fixture
def embedder(spec: EmbedderSpec, graph_file: Path) -> Embedder:
    return open_embedder(spec, graph_file)


@pytest.fixture
def workers(graph_file: Path) -> Generator[Workers]:
    with open_engine("processes") as engine:
        yield Workers(engine, graph_file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(COUNT):
        noise_picture(seed).save(folder / f"{seed:02}.png")
    return folder


@pytest.fixture
def opened(spec: EmbedderSpec, tmp_path: Path) -> Callable[[], closing[EmbeddingCache]]:
    return lambda: closing(EmbeddingCache(spec, tmp_path / "cache.sqlite"))


def test_workers_give_the_same_to_the_bit(folder: Path, embedder: Embedder, workers: Workers) -> None:
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "empty.png").write_bytes(b"")
    steps: list[int] = []
    here = embed_pictures(find_pictures(folder), embedder, None)
    there = embed_pictures(find_pictures(folder), embedder, None, steps.append, workers)
    assert there.names == here.names
    assert np.array_equal(there.vectors, here.vectors)
    assert there.skipped == here.skipped
    assert sum(steps) == COUNT + 2


def test_cached_embeddings_are_not_computed_again(
    folder: Path, embedder: Embedder, workers: Workers, opened: Callable[[], closing[EmbeddingCache]]
) -> None:
    with opened() as cache:
        first = embed_pictures(find_pictures(folder), embedder, cache, workers=workers)
    nobody = Workers(Engine("dask"), workers.graph)  # there is no scheduler: asking would fail
    with opened() as cache:
        for known in (nobody, None):
            again = embed_pictures(find_pictures(folder), embedder, cache, workers=known)
            assert again.names == first.names
            assert np.array_equal(again.vectors, first.vectors)


@pytest.mark.parametrize("along", [1, 3, 512])
def test_known_and_new_pictures_come_in_order(
    folder: Path,
    embedder: Embedder,
    workers: Workers,
    opened: Callable[[], closing[EmbeddingCache]],
    monkeypatch: pytest.MonkeyPatch,
    along: int,
) -> None:
    monkeypatch.setattr(embedding_workers, "_ALONG", along)
    sources = find_pictures(folder)
    with opened() as cache:
        embed_pictures([*sources[:3], *sources[7:19], sources[25], *sources[35:]], embedder, cache)
        mixed = embed_pictures(sources, embedder, cache, workers=workers)
    expected = embed_pictures(sources, embedder, None)
    assert mixed.names == expected.names
    assert np.array_equal(mixed.vectors, expected.vectors)


def test_stopping_early_keeps_what_came_back(
    folder: Path, embedder: Embedder, workers: Workers, opened: Callable[[], closing[EmbeddingCache]]
) -> None:
    with opened() as cache:
        found = embed_sources(find_pictures(folder), embedder, cache, workers)
        some = [source for source, _ in itertools.islice(found, 10)]
        found.close()
        assert all(cache.by_fingerprint(source.fingerprint()) is not None for source in some)


def test_pictures_that_only_this_process_sees_are_not_lost(
    tmp_path: Path, embedder: Embedder, workers: Workers
) -> None:
    path = tmp_path / "a.png"
    noise_picture(1).save(path)
    sources = [Local(f"{os.getpid()}.png", path)]
    assert len(embed_pictures(sources, embedder, None).names) == 1
    with pytest.raises(EngineError, match=r"it can't be opened .*do all workers see the same pictures\?"):
        embed_pictures(sources, embedder, None, workers=workers)


def test_a_worker_with_other_tools_does_nothing(
    folder: Path, embedder: Embedder, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_workers, "toolchain", lambda: toolchain() | {"numpy": "0.1"})
    with pytest.raises(EngineError, match=r"has numpy .* and not 0\.1"):
        embed_pictures(find_pictures(folder), embedder, None, workers=workers)


def test_a_graph_that_came_damaged_is_refused(folder: Path, spec: EmbedderSpec, graph_file: Path) -> None:
    graph = np.fromfile(graph_file, dtype=np.uint8)
    graph[-1] ^= 1
    with pytest.raises(EngineError, match=f"came damaged .* not {spec.graph_sha256}"):
        embed_some(graph, Job(spec, toolchain()), find_pictures(folder))


def test_a_task_answers_for_each_picture(
    folder: Path, spec: EmbedderSpec, embedder: Embedder, graph_file: Path
) -> None:
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "gone.jpg").write_bytes(b"soon gone")
    sources = find_pictures(folder)[-3:]
    (folder / "gone.jpg").unlink()
    job = Job(spec, toolchain())
    picture, broken, gone = embed_some(np.fromfile(graph_file, dtype=np.uint8), job, sources)
    assert isinstance(picture.outcome, np.ndarray)
    assert np.array_equal(picture.outcome, embedder.embed([embedder.picture(sources[0].content())])[0])
    assert isinstance(broken.outcome, PictureError)
    assert len(picture.content) == len(broken.content) == 64
    assert str(gone.outcome) == "it can't be opened (No such file or directory)"
    assert gone.content == ""


def test_a_container_that_fails_ends_the_run(container: Container, embedder: Embedder, workers: Workers) -> None:
    container.put(encoded_pictures(3))
    sources = pictures_at(container.url)
    container.client.delete_container()
    with pytest.raises(StoreError, match=container.url):
        embed_pictures(sources, embedder, None, workers=workers)


@pytest.mark.slow
@pytest.mark.xdist_group("dask")
def test_dask_workers_read_from_the_container_themselves(
    container: Container, embedder: Embedder, graph_file: Path, cluster: DaskCluster
) -> None:
    container.put(encoded_pictures(30) | {"broken.jpg": b"no picture", "b/ü.png": encode(noise_picture(77))})
    sources = pictures_at(container.url)
    here = embed_pictures(sources, embedder, None)
    with open_engine("dask", cluster.address) as engine:
        there = embed_pictures(sources, embedder, None, workers=Workers(engine, graph_file))
    assert there.names == here.names
    assert np.array_equal(there.vectors, here.vectors)
    assert there.skipped == here.skipped
