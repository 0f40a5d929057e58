"""JSON documents as people find them on disk: how they are written, and what is wrong with one in words."""

from __future__ import annotations

import json

from pydantic import BaseModel, ValidationError


def to_json(model: BaseModel) -> bytes:
    return (json.dumps(model.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n").encode()


def explain(error: ValidationError) -> str:
    """Pydantic's findings in one line: where, what."""
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'it'}: {item['msg']}" for item in error.errors())
