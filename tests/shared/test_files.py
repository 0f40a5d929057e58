"""Files that are replaced while the writer is killed at every step it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.files import finish_replacing, read_regular, replace_together, write_atomically
from tests.conftest import PROJECT


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "text is not bytes")  # pyright: ignore[reportArgumentType]
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_files_are_replaced_together_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    replace_together(tmp_path, {"a": b"1", "b": b"1"})
    replace_together(tmp_path, {"b": b"2", "c": b"2"})
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {"other": b"other", "a": b"1", "b": b"2", "c": b"2"}


def test_nothing_is_replaced_unless_all_is_written(tmp_path: Path) -> None:
    replace_together(tmp_path, {"a": b"1", "b": b"1"})
    with pytest.raises(TypeError):
        replace_together(tmp_path, {"a": b"2", "b": "text is not bytes"})  # pyright: ignore[reportArgumentType]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"1"}


def test_old_remains_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    for name, hours in ((".writing-old", 2), (".writing-new", 0)):
        (tmp_path / name).mkdir()
        then = time.time() - hours * 3600
        os.utime(tmp_path / name, times=(then, then))
    replace_together(tmp_path, {"a": b"1"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".writing-new", "a"]


def test_two_that_finish_the_same_replacement_do_not_mind(tmp_path: Path) -> None:
    (tmp_path / ".ready").mkdir()
    finish_replacing(tmp_path)
    finish_replacing(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_bundle_survives_its_writer_whenever_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.shared.killed_writer", str(tmp_path)]
    told = subprocess.run(command, check=True, cwd=PROJECT, capture_output=True, text=True).stdout
    found = [json.loads(line) for line in told.splitlines()]
    names = [names for names, _ in found]
    switch = names.index(["new name"])
    assert names == [["old name"]] * switch + [["new name"]] * (len(found) - switch)
    assert switch > 10, "killed while the files were written"
    assert len(found) - switch > 5, "killed while they were put in place"
    assert all(whole for _, whole in found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name, words in (("pipe", "it is a named pipe, not a file"), ("endless", "it is a device, not a file")):
        with pytest.raises(OSError, match=words):
            read_regular(tmp_path / name)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)


def test_a_file_is_read_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(path, 4)
