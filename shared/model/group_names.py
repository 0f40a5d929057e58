"""What may be a group's name, wherever a person types it: on the page, in labels.json, in a file for `--labels`."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

MOST_NAMES = 100
"""Of one group. All of them stand in each answer."""

LONGEST_NAME = 1000
"""Characters. A name is a word or a few; AI Search takes 32,766 bytes."""


def tidy_name(name: str) -> str:
    """The name with its spaces in order, in Unicode's composed form. Raises ValueError for what is not a name."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy:
        raise ValueError("a name can't be blank")
    if len(tidy) > LONGEST_NAME:
        raise ValueError(f"“{tidy[:20]}…” has {len(tidy):,} characters: a name has at most {LONGEST_NAME:,}")
    if not tidy.isprintable():
        raise ValueError("a name can't hold characters that are not printed, such as control characters")
    return tidy


type GroupName = Annotated[str, AfterValidator(tidy_name)]
type Names = Annotated[tuple[GroupName, ...], Field(max_length=MOST_NAMES)]
"""Of one group."""
