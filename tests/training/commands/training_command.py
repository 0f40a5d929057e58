"""`train` as the tests call it."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

type Train = Callable[..., Result]
"""Trains on a folder of pictures, with more options."""


def write_json(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)
