"""JSON documents as people find them on disk: how they are written, and what is wrong with one in words."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.errors import UserError
from shared.files import LARGEST_TEXT, read_regular


def to_json(model: BaseModel) -> bytes:
    return (json.dumps(model.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n").encode()


def explain(error: ValidationError) -> str:
    """Pydantic's findings in one line: where, what."""
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'it'}: {item['msg']}" for item in error.errors())


def read_json[Content](path: Path, kind: TypeAdapter[Content], error: type[UserError], unlike: str) -> Content:
    """What is in a file that a person may have written.

    Raises `error`, which names the file. `unlike` is what it says of other JSON.
    """
    try:
        return kind.validate_json(text_of(read_regular(path, LARGEST_TEXT)))
    except OSError as cause:
        raise error(f"{path} can't be read: {cause.strerror}") from None
    except ValidationError as cause:
        raise error(f"{path} {unlike}: {explain(cause)}") from None
    except ValueError as cause:
        raise error(f"{path} can't be read: {cause}") from None


def text_of(content: bytes) -> str:
    """A text file that a person may have saved with any editor: UTF-8 with or without a BOM, or UTF-16.

    Raises ValueError.
    """
    try:
        return content.decode(_encoding(content))
    except UnicodeDecodeError:
        raise ValueError("it is neither UTF-8 nor UTF-16: save it again as UTF-8") from None


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content[:1] == b"\0":  # the first half of a letter
        return "utf-16-be"
    return "utf-16-le" if content[1:2] == b"\0" else "utf-8-sig"
