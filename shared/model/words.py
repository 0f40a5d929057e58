"""words.json beside a bundle: what an index says about its pictures (tags, captions), by which names are suggested.

`{"apple.jpg": ["fruit", "an apple on a table"], …}`. It is not of the bundle: it is neither published nor served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from shared.documents import read_json
from shared.errors import UserError
from shared.files import write_atomically
from shared.printable import composed

WORDS = "words.json"

type Words = Mapping[str, Sequence[str]]
"""The texts about each picture, by its name."""

_WORDS: TypeAdapter[dict[str, list[str]]] = TypeAdapter(dict[str, list[str]])


class WordsError(UserError):
    """The words can't be used. The message names the file."""


def read_words(folder: Path) -> Words:
    """Of the bundle in `folder`; none where there is no such file. Raises WordsError."""
    path = folder / WORDS
    if not path.exists():
        return {}
    found = read_json(path, _WORDS, WordsError, "does not hold lists of texts by picture")
    return {composed(picture): texts for picture, texts in found.items()}


def write_words(folder: Path, words: Words) -> Path:
    """Beside the bundle in `folder`; returns the file. Raises OSError."""
    path = folder / WORDS
    write_atomically(path, _WORDS.dump_json({name: list(words[name]) for name in sorted(words)}, indent=1) + b"\n")
    return path
