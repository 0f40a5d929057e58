"""Which version of the model a report shows: with other names or edits since, it is out of date."""

from __future__ import annotations

import html
import re
from pathlib import Path

from shared.model.bundle import REPORT

# The report names the version that it shows near its beginning.
_VERSION = re.compile(r'<meta name="model-version" content="([^"]*)">')
_BEGINNING = 4096


def reported_version(folder: Path) -> str | None:
    """The version that a bundle's report shows; None where there is none that can be read and says."""
    try:
        with (folder / REPORT).open(encoding="utf-8") as file:
            found = _VERSION.search(file.read(_BEGINNING))
    except (OSError, UnicodeDecodeError):
        return None
    return html.unescape(found[1]) if found else None
