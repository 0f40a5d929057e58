"""What is pinned can be installed, from wheels alone, on every platform that the README claims."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.stores.opening import is_url
from tests.conftest import PROJECT
from training.model.categories import find_categories
from training.model.names import read_names

PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")
REQUIREMENTS = ("requirements.txt", "requirements/run.txt", "requirements/uv.txt")


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("requirements", REQUIREMENTS)
def test_the_pins_resolve_to_wheels_on_each_platform(platform: str, requirements: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--target", str(tmp_path)),
            *("--python-version", "3.13", "--python-platform", platform, "--only-binary", ":all:"),
            *("--require-hashes", "-r", requirements),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"},
    )
    assert done.returncode == 0, done.stderr
    has_tensorflow = "tensorflow" in done.stderr
    assert has_tensorflow == (requirements == "requirements.txt" and not platform.startswith("aarch64-manylinux"))


@pytest.mark.parametrize("room", ["shared", "training", "ClusterSkill"])
def test_nothing_imports_what_only_posix_has(room: str) -> None:
    """As on Windows, where these modules are missing."""
    code = f"""
import importlib, pkgutil, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
import {room}
for module in pkgutil.walk_packages({room}.__path__, "{room}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("location", [r"C:\models", r"..\models", r"\\server\share\models", "https:\\models"])
def test_a_windows_path_is_a_folder_and_no_url(location: str) -> None:
    assert not is_url(location)


def test_files_with_windows_line_ends_are_read(tmp_path: Path) -> None:
    names, categories = tmp_path / "names.json", tmp_path / "categories.csv"
    names.write_bytes(b'{\r\n  "a.jpg": ["boat"]\r\n}\r\n')
    categories.write_bytes(b"picture,category\r\na.jpg,art\r\n")
    assert read_names(names) == {"a.jpg": ("boat",)}
    assert find_categories(str(categories), ["a.jpg"]) == ["art"]
