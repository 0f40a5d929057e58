"""Reading the app's JSON files, with errors that name the file."""

import json
from pathlib import Path
from typing import cast


class HostError(Exception):
    """The host can't start, or can't serve one function; the message names the file and the way out."""


def read_object(path: Path) -> dict[str, object]:
    """Return the JSON object in `path` (with or without a byte order mark, which Visual Studio writes).

    Raises:
        HostError: the file can't be read, is not JSON or holds something else than an object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise HostError(f"{path} is not valid JSON: {error}") from error
    return as_object(document, f"{path}")


def as_object(value: object, where: str) -> dict[str, object]:
    """Return `value`, which stood at `where`, if it is a JSON object; an absent one (None) is an empty object.

    Raises:
        HostError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HostError(f"{where} must be a JSON object, not {json.dumps(value)}")
    return cast("dict[str, object]", value)
