import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from shared.embedding.images import fit
from shared.pictures.folder import FileSource, find_pictures
from tests.bundles import SPEC
from tests.conftest import PROJECT, encode, noise_picture
from tests.training.plain_embedder import Counted, plain_embedder
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import Embedded, NothingReadableError, embed_pictures, embed_sources


@pytest.fixture
def cache_file(tmp_path: Path) -> Path:
    return tmp_path / "cache.sqlite"


@pytest.fixture
def cache(cache_file: Path) -> Generator[EmbeddingCache]:
    with closing(EmbeddingCache(SPEC, cache_file)) as opened:
        yield opened


@pytest.fixture
def folder(picture_folder: Callable[..., Path]) -> Path:
    """Nine pictures."""
    return picture_folder()


@dataclass(frozen=True, slots=True)
class Run:
    """What came out, how many pictures were embedded and which files were read."""

    embedded: Embedded
    count: int
    read: list[str]


def run(folder: Path, cache: EmbeddingCache | None) -> Run:
    read: list[str] = []

    class Noted(FileSource):
        def content(self) -> bytes:
            read.append(self.name)
            return FileSource.content(self)

    counted = Counted()
    sources = [Noted(source.name, source.path) for source in find_pictures(folder)]
    return Run(embed_pictures(sources, plain_embedder(counted), cache), counted.pictures, sorted(read))


def test_each_picture_has_its_embedding_in_order(folder: Path) -> None:
    embedder = plain_embedder()
    embedded = embed_pictures(find_pictures(folder)[:3], embedder, None)
    assert embedded.names == ("group0_0.png", "group0_1.png", "group0_2.png")
    pictures = [fit(noise_picture(0).rotate(copy), 240, "antialias") for copy in range(3)]
    assert np.array_equal(embedded.vectors, embedder.embed(pictures))
    assert embedded.skipped == {}


def test_the_second_run_embeds_nothing_and_opens_nothing(folder: Path, cache: EmbeddingCache) -> None:
    first, second = run(folder, cache), run(folder, cache)
    assert (first.count, len(first.read)) == (9, 9)
    assert (second.count, second.read) == (0, [])
    assert second.embedded.names == first.embedded.names
    assert np.array_equal(second.embedded.vectors, first.embedded.vectors)


def test_with_and_without_a_cache_the_embeddings_are_the_same(folder: Path, cache: EmbeddingCache) -> None:
    run(folder, cache)
    assert np.array_equal(run(folder, cache).embedded.vectors, run(folder, None).embedded.vectors)


def test_a_touched_file_is_read_again_but_not_embedded(folder: Path, cache: EmbeddingCache) -> None:
    run(folder, cache)
    os.utime(folder / "odd.png", ns=(0, 1))
    assert (run(folder, cache).count, run(folder, cache).read) == (0, [])
    os.utime(folder / "odd.png", ns=(0, 2))
    again = run(folder, cache)
    assert (again.count, again.read) == (0, ["odd.png"])


def test_changed_content_is_embedded_again(folder: Path, cache: EmbeddingCache) -> None:
    before = run(folder, cache)
    noise_picture(7).save(folder / "odd.png")
    after = run(folder, cache)
    assert (after.count, after.read) == (1, ["odd.png"])
    changed = (after.embedded.vectors != before.embedded.vectors).any(axis=1)
    assert changed.tolist() == [name == "odd.png" for name in after.embedded.names]


def test_a_moved_folder_is_embedded_no_more(folder: Path, cache: EmbeddingCache) -> None:
    run(folder, cache)
    moved = folder.rename(folder.with_name("moved"))
    again = run(moved, cache)
    assert (again.count, len(again.read)) == (0, 9)
    assert run(moved, cache).read == []


def test_a_copy_under_another_name_is_embedded_no_more(folder: Path, cache: EmbeddingCache) -> None:
    run(folder, cache)
    shutil.copy(folder / "odd.png", folder / "another.png")
    assert run(folder, cache).count == 0


def test_what_is_not_a_picture_is_skipped_and_tried_again(folder: Path, cache: EmbeddingCache) -> None:
    (folder / "text.jpg").write_bytes(b"not a picture")
    (folder / "cut.jpg").write_bytes(encode(noise_picture(0), "JPEG")[:400])
    (folder / "empty.png").write_bytes(b"")
    for found in (run(folder, cache), run(folder, cache)):
        assert len(found.embedded.names) == len(found.embedded.vectors) == 9
        assert found.embedded.skipped["text.jpg"] == "it is not a picture in any known format"
        assert found.embedded.skipped["empty.png"] == "it is empty (0 bytes)"
        assert "damaged or cut short" in found.embedded.skipped["cut.jpg"]
    assert run(folder, cache).read == ["cut.jpg", "empty.png", "text.jpg"]


def test_a_repaired_picture_is_embedded(folder: Path, cache: EmbeddingCache) -> None:
    (folder / "late.png").write_bytes(b"")
    run(folder, cache)
    noise_picture(5).save(folder / "late.png")
    mended = run(folder, cache)
    assert (mended.count, mended.embedded.skipped) == (1, {})


def test_progress_counts_every_picture_once(folder: Path, cache: EmbeddingCache) -> None:
    (folder / "broken.png").write_bytes(b"")
    for _ in range(2):
        steps: list[int] = []
        embed_pictures(find_pictures(folder), plain_embedder(), cache, steps.append)
        assert steps == [1] * 10


def test_nothing_readable_names_some_pictures_and_why(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"no picture" if number else b"")
    with pytest.raises(NothingReadableError, match=r"none of the 5 .* 0\.jpg: it is empty .* 2\.jpg: ") as e:
        run(tmp_path, None)
    assert "3.jpg" not in str(e.value)


def test_stopping_early_keeps_what_was_embedded(folder: Path, cache: EmbeddingCache) -> None:
    assert len(list(itertools.islice(embed_sources(find_pictures(folder), plain_embedder(), cache), 5))) == 5
    assert run(folder, cache).count <= 4


def test_a_corrupt_cache_does_not_stop_training(folder: Path, cache_file: Path) -> None:
    cache_file.write_bytes(os.urandom(10_000))
    with closing(EmbeddingCache(SPEC, cache_file)) as cache:
        assert run(folder, cache).count == 9
        assert run(folder, cache).count == 0


def noise_folder(folder: Path, count: int) -> Path:
    folder.mkdir()
    for seed in range(count):
        noise_picture(seed, (16, 12)).save(folder / f"{seed:03}.png")
    return folder


def start(folder: Path, cache_file: Path, lifetime: int = 0) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.training.embedding.embedding_run",
        str(folder),
        str(cache_file),
        str(lifetime),
    ]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_a_killed_run_resumes_where_it_stopped(tmp_path: Path, cache_file: Path) -> None:
    folder = noise_folder(tmp_path / "pictures", 80)
    with start(folder, cache_file, lifetime=60) as killed:
        killed.communicate()
    assert killed.returncode == -9
    with closing(EmbeddingCache(SPEC, cache_file)) as cache:
        second = run(folder, cache)
        # It had embedded 60, and commits every 32.
        assert second.count == 80 - 32
        assert np.array_equal(second.embedded.vectors, run(folder, None).embedded.vectors)


def test_two_runs_at_once_share_a_cache(tmp_path: Path, cache_file: Path) -> None:
    folder = noise_folder(tmp_path / "pictures", 80)
    with start(folder, cache_file) as one, start(folder, cache_file) as other:
        counts = [int(each.communicate()[0]) for each in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0]
    assert max(counts) <= 80 <= sum(counts)
    with closing(EmbeddingCache(SPEC, cache_file)) as cache:
        assert run(folder, cache).count == 0
