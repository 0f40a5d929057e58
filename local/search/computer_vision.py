"""In place of Computer Vision: what computer_vision.json says of a few pictures, known by file name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

ODATA_TYPE = "#Microsoft.Skills.Vision.ImageAnalysisSkill"


def analyse(file_name: str) -> dict[str, Any] | None:
    """The skill's outputs `tags` and `description` for a picture; None for one that nothing is written down for."""
    known = _written_down().get(file_name)
    if known is None:
        return None
    tags: list[str] = known["tags"]
    return {
        "tags": [{"name": tag, "confidence": 0.9} for tag in tags],
        "description": {"tags": tags, "captions": [{"text": known["caption"], "confidence": 0.5}]},
    }


@cache
def _written_down() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "computer_vision.json").read_text(encoding="utf-8"))["pictures"]
