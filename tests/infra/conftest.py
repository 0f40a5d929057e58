"""The stand-in for `az` on PATH, or nothing there."""

from pathlib import Path

import pytest

from tests.infra.az import Az


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Az:
    stand_in = Az(tmp_path / "az-stand-in")
    monkeypatch.setenv("PATH", f"{stand_in.folder}:/usr/bin:/bin")
    return stand_in


@pytest.fixture
def no_az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
