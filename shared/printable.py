"""Text from outside, before people see it in a log or on a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text on one line, with nothing in it that a log or a terminal would act on or hide.

    Line ends would make lines of its own, escape codes write elsewhere, direction marks show another name than the one
    that is there. Each becomes its escape sequence, as Python writes it.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), in which names are compared: macOS stores é as e and an accent."""
    return unicodedata.normalize("NFC", text)
