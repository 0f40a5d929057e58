"""Everything that search needs, started on this machine: Blob Storage, the Function with a model, the stand-in.

Gives the settings that the commands read from the environment. On Azure they come from the deployment instead, and
nothing else changes.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.azurite import start_azurite
from local.processes import PROJECT, ProcessFailedError, start_host
from local.search.process import start_search


@contextmanager
def start_stack(model: Path, *, compare: bool = False) -> Generator[dict[str, str]]:
    """Publish a model and start what serves it; yields the settings by their names in the environment.

    Args:
        model: a bundle, such as models/books.
        compare: have Computer Vision's fields too, from what is written down in computer_vision.json.

    Raises:
        ProcessFailedError: a process did not come up, or the model could not be published.
    """
    with start_azurite() as azurite:
        azurite.create_container()
        store = {"MODEL_STORE": azurite.url(), "MODEL_STORE_CONNECTION_STRING": azurite.connection_string}
        _publish(model, store)
        served = {**store, "MODEL_NAME": model.name}
        # A key of this run's own: nobody else on this machine is to be served.
        key = secrets.token_urlsafe(24)
        with (
            start_host(PROJECT, env={**served, "KEY": key, "RETURN_VECTOR": "true"}) as host,
            start_search(key=key) as search,
        ):
            yield {
                **served,
                "SEARCH_ENDPOINT": search.url,
                "SEARCH_KEY": key,
                "SEARCH_VARIANT": "projections",
                "SEARCH_VECTOR": "true",
                "SKILL_URL": f"{host.url}/api/extraction",
                "SKILL_KEY": key,
                "SKILL_RESOURCE_ID": "",
                "STORAGE_CONNECTION": azurite.connection_string,
                "STORAGE_ACCOUNT_URL": "",
                "COMPARE_AI_SERVICES_URL": search.url if compare else "",
                "CLASSIFIER_URL": "",
            }


def search_command(settings: Mapping[str, str], *arguments: str) -> None:
    """Run a command of `python -m infra.search` with a stack's settings. Raises ProcessFailedError."""
    command = [sys.executable, "-m", "infra.search", *arguments]
    if subprocess.run(command, cwd=PROJECT, env={**os.environ, **settings}, check=False).returncode:
        raise ProcessFailedError(f"`python -m infra.search {' '.join(arguments)}` failed")


def _publish(model: Path, store: dict[str, str]) -> None:
    command = [sys.executable, "-m", "training", "publish", str(model)]
    finished = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **store}, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise ProcessFailedError(f"`python -m training publish {model}` failed:\n{finished.stderr.strip()}")
