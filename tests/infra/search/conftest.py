"""A deployment over test pictures; what a test changes is its own."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from infra.search.clients import Clients
from tests.local.search.deployments import deployed, draw_groups, settings
from tests.local.search.skill_server import SkillServer, serve_skill


@pytest.fixture
def skill() -> Generator[SkillServer]:
    with serve_skill() as server:
        yield server


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return draw_groups(tmp_path / "pictures")


@pytest.fixture
def clients(skill: SkillServer, pictures: Path) -> Generator[Clients]:
    with deployed(settings(skill.url, search_vector=True), pictures) as opened:
        yield opened
