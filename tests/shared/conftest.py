"""The folder of models that tests of serving and stores publish from."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"
