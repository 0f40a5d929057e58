"""Several pictures on one, to look at in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

from shared.embedding.images import read_picture

_GAP = 6


def contact_sheet(paths: Sequence[Path], columns: int = 6, side: int = 160) -> Image.Image:
    """Pictures in rows of `columns`, each fitted into a square of `side` pixels. Raises PictureError."""
    rows = -(-len(paths) // columns)
    step = side + _GAP
    sheet = Image.new("RGB", (min(columns, len(paths)) * step - _GAP, rows * step - _GAP), "white")
    for position, path in enumerate(paths):
        row, column = divmod(position, columns)
        picture = ImageOps.pad(read_picture(path.read_bytes(), at_least=side), (side, side), color="white")
        sheet.paste(picture, (column * step, row * step))
    return sheet
