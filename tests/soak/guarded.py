"""The Function as it is packaged and served where a key guards it, in an instance's memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.processes import PROJECT, RunningHost, start_host
from tests.soak.memory_group import MemoryGroup, memory_group

KEY = "the-key"
# By an instance's megabytes: what infra/modules/function.bicep sets (tests/infra/test_settings.py).
LIMITS = {2048: (8_000_000, 7_200_000), 4096: (24_000_000, 21_600_000)}


def guarded_app(app: Path) -> Path:
    """Write the app."""
    for name in ("ClusterSkill", "shared"):
        shutil.copytree(PROJECT / name, app / name)
    shutil.copy(PROJECT / "host.json", app)
    path = app / "ClusterSkill" / "function.json"
    function = json.loads(path.read_bytes())
    function["bindings"][0]["authLevel"] = "function"
    path.write_text(json.dumps(function))
    return app


@contextmanager
def group_of(megabytes: int) -> Generator[MemoryGroup]:
    """A group with this memory; skips the test where there can be none."""
    try:
        with memory_group(megabytes << 20) as group:
            yield group
    except OSError as error:
        pytest.skip(f"no memory group can be made here: {error}")


def instance(group: MemoryGroup, app: Path, megabytes: int, **settings: str) -> RunningHost:
    """An instance, with the settings that Bicep gives it; it also holds the real host's share of memory."""
    limit, largest = LIMITS[megabytes]
    settings = {
        "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(limit),
        "MAX_REQUEST_BYTES": str(largest),
        "KEY": KEY,
        "PYTHON_THREADPOOL_THREAD_COUNT": "6",
        **settings,
    }
    return host_in(group, app, "--azure", "--hold-bodies", **settings)


def host_in(group: MemoryGroup, app: Path, *arguments: str, **settings: str) -> RunningHost:
    """The local host in this group, with the sample model."""
    env = {"MODEL_STORE": str(PROJECT / "models"), "MODEL_NAME": "books", "KEY": "", **settings}
    return start_host(app, env=env, arguments=arguments, inside=group.command)
