"""The memory limit: the smallest of the machine's and of the control groups around this process, in either version."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import memory
from shared.embedding.images import MAX_PIXELS
from shared.settings import Settings


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 8 GB with a tree of control groups that holds none yet."""
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_OWN", tmp_path / "own")
    monkeypatch.setattr(memory, "_machine", lambda: 8_000_000_000)
    return tmp_path


def write(path: Path, limit: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(limit)


def test_without_groups_it_is_the_machines(groups: Path) -> None:
    assert memory.memory_limit() == 8_000_000_000
    (groups / "own").write_text("0::/\n")
    assert memory.memory_limit() == 8_000_000_000


def test_version_2_counts_every_group_around_the_process(groups: Path) -> None:
    (groups / "own").write_text("0::/pods/one\n")
    write(groups / "cgroup" / "pods" / "memory.max", "2000000000")
    write(groups / "cgroup" / "pods" / "one" / "memory.max", "max\n")
    assert memory.memory_limit() == 2_000_000_000


def test_version_1_has_a_tree_for_memory_alone_and_a_container_sees_its_group_as_the_root(groups: Path) -> None:
    (groups / "own").write_text("4:memory:/outside/only\n3:cpuset:/\n")
    write(groups / "cgroup" / "memory" / "memory.limit_in_bytes", "536870912\n")
    assert memory.memory_limit() == 536_870_912


def test_the_machine_has_memory() -> None:
    assert memory.memory_limit() > 100_000_000


@pytest.mark.parametrize(
    ("limit", "pixels", "in_flight"),
    [
        (512 << 20, 16_777_216, 5_000_000),
        (900 << 20, 29_491_200, 50_855_936),
        (2 << 30, 67_108_864, 200_000_000),
        (24 << 30, MAX_PIXELS, 200_000_000),
    ],
)
def test_limits_follow_the_memory(limit: int, pixels: int, in_flight: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.settings.memory_limit", lambda: limit)
    settings = Settings()
    assert (settings.max_pixels, settings.max_bytes_in_flight) == (pixels, in_flight)
