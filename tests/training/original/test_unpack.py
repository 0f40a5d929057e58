"""What a file unpacks to is bounded while it is unpacked, and comes out as it went in."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.original import unpack
from training.original.unpack import RefusedError, read_unpacked

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
}
packers = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


@packers
@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 3000, 50_000])
@pytest.mark.parametrize("kind", ["zeros", "noise"])
def test_what_was_packed_comes_out(
    pack: Callable[[bytes], bytes], size: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_PIECE", 1000)
    content = bytes(size) if kind == "zeros" else np.random.default_rng(0).bytes(size)
    path = tmp_path / "MODEL.pkl"
    path.write_bytes(pack(content))
    assert read_unpacked(path) == content


@packers
def test_a_bomb_is_refused_before_it_takes_memory(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "MODEL.pkl"
    path.write_bytes(pack(bytes(64 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError, match=r"MODEL\.pkl unpacks to more than 1,000,000 bytes: not loaded"):
            read_unpacked(path, 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20  # 8 MB are the dictionary of lzma
    finally:
        tracemalloc.stop()


def test_a_large_file_may_unpack_to_forty_times_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_ANY_RATIO_BYTES", 100_000)
    packed = zlib.compress(bytes(200_000))
    path = tmp_path / "MODEL.pkl"
    path.write_bytes(packed)
    with pytest.raises(RefusedError, match="unpacks to more than 100,000 bytes"):
        read_unpacked(path)
    path.write_bytes(packed + bytes(5000))  # what follows the end counts as packed, and is not read
    assert len(read_unpacked(path)) == 200_000
