"""The README's pictures of the pages: they are there in light and dark, small, and can be taken again."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import PROJECT
from tests.documents import read
from tests.e2e.browser import needs_chromium

NAMES = ("naming-dark.png", "naming-light.png", "search-dark.png", "search-light.png")


def brightness(path: Path) -> float:
    with Image.open(path) as opened:
        return opened.convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # pyright: ignore


def are_shown(folder: Path) -> None:
    assert {path.name for path in folder.glob("*.png")} == set(NAMES)
    assert max(path.stat().st_size for path in folder.glob("*.png")) < 200_000
    for page in ("naming", "search"):
        assert brightness(folder / f"{page}-dark.png") < 128 < brightness(folder / f"{page}-light.png")


def test_the_readme_shows_each_in_light_and_dark() -> None:
    are_shown(PROJECT / "docs" / "images")
    assert set(re.findall(r'"docs/images/([\w-]+\.png)"', read("README.md"))) == set(NAMES)


@needs_chromium
@pytest.mark.slow
def test_they_can_be_taken_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.screenshots", "--out", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, check=True, timeout=600)
    are_shown(tmp_path)
