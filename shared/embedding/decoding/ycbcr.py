"""YCbCr of a TIFF without JPEG: blocks of brightness, each followed by the two colours that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.numbers import Bytes

_COEFFICIENTS, _SUBSAMPLING, _BLACK_AND_WHITE = 529, 530, 532


@dataclass(frozen=True, slots=True)
class Subsampling:
    """How many pixels share two colours, and how brightness and colours become RGB."""

    horizontal: int
    vertical: int
    luma: Sequence[float]
    """What red, green and blue weigh in brightness."""
    black_and_white: Sequence[float]
    """Of brightness and both colours: the number that means none, and the one that means all."""

    def rows(self, height: int) -> int:
        """Rows of blocks."""
        return ceil(height / self.vertical)

    def row_bytes(self, width: int) -> int:
        return ceil(width / self.horizontal) * (self.horizontal * self.vertical + 2)

    def rgb(self, blocks: Bytes, width: int, height: int) -> NDArray[np.uint8]:
        """Rows of blocks, of one piece or several of `height` rows, to RGB of shape (rows, width, 3)."""
        across, vertical = self.horizontal, self.vertical
        cells = blocks.reshape(len(blocks), -1, across * vertical + 2)
        bright = cells[..., :-2].reshape(*cells.shape[:2], vertical, across).transpose(0, 2, 1, 3)
        luma = bright.reshape(len(blocks) * vertical, -1)
        blue, red = (cells[..., place].repeat(vertical, axis=0).repeat(across, axis=1) for place in (-2, -1))
        rgb = self._convert(luma, blue, red)
        padded = self.rows(height) * vertical
        if padded != height and len(rgb) > height:  # each piece ends with rows of its own that mean nothing
            rgb = np.concatenate([rgb[top : top + height] for top in range(0, len(rgb), padded)])
        return rgb[:, :width]

    def _convert(self, luma: Bytes, blue: Bytes, red: Bytes) -> NDArray[np.uint8]:
        black, white, *chroma = self.black_and_white
        y = (luma.astype(np.float32) - black) * (255 / (white - black))
        cb, cr = (
            (plane.astype(np.float32) - chroma[2 * index]) * (127 / (chroma[2 * index + 1] - chroma[2 * index]))
            for index, plane in enumerate((blue, red))
        )
        weight_r, weight_g, weight_b = self.luma
        r = y + cr * (2 - 2 * weight_r)
        b = y + cb * (2 - 2 * weight_b)
        g = (y - weight_b * b - weight_r * r) / weight_g
        return np.stack([r, g, b], axis=-1).clip(0, 255).round().astype(np.uint8)


def subsampling(tags: Directory) -> Subsampling:
    """Raises PictureError for what these tags can't mean."""
    horizontal, vertical = cast("tuple[int, int]", tags.get(_SUBSAMPLING, (2, 2)))
    luma = [float(value) for value in tags.get(_COEFFICIENTS, (0.299, 0.587, 0.114))]
    reference = [float(value) for value in tags.get(_BLACK_AND_WHITE, (0, 255, 128, 255, 128, 255))]
    even = all(white != black for black, white in zip(reference[::2], reference[1::2], strict=True))
    if not {horizontal, vertical} <= {1, 2, 4} or len(luma) != 3 or len(reference) != 6 or not luma[1] or not even:
        raise PictureError("it is a TIFF whose YCbCr colours are described wrongly")
    if tags.get(258, (8,)) != (8, 8, 8) or tags.get(284, 1) != 1 or tags.get(317, 1) != 1:
        raise PictureError("it is a TIFF with YCbCr colours in planes or of more than 8 bits: save it as PNG")
    return Subsampling(horizontal, vertical, luma, reference)
