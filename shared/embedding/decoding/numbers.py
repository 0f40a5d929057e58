"""Rows of packed bytes to rows of numbers: any depth up to 64 bits, either byte order, with or without a predictor.

Shapes: bytes are (rows, bytes of a row), numbers (rows, width, channels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared.embedding.decoding.errors import PictureError

type Bytes = NDArray[np.uint8]
type Numbers = NDArray[np.integer | np.floating]

Kind = Literal["unsigned", "signed", "float"]

_CODES: dict[Kind, str] = {"unsigned": "u", "signed": "i", "float": "f"}
_WHOLE = frozenset({8, 16, 32, 64})

NO_PREDICTOR, HORIZONTAL, FLOATING = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Packing:
    """How the numbers of a row are stored."""

    width: int
    channels: int
    bits: int
    """Of one number."""
    kind: Kind
    big_endian: bool
    predictor: int = NO_PREDICTOR

    def __post_init__(self) -> None:
        fits_predictor = self.predictor == NO_PREDICTOR or self.bits in _WHOLE
        deep_enough = self.kind == "unsigned" or (self.bits in _WHOLE and (self.kind, self.bits) != ("float", 8))
        if not (1 <= self.bits <= 32 or self.bits == 64) or not deep_enough or not fits_predictor:
            raise PictureError(f"it has {self.kind} samples of {self.bits} bits, which can't be converted faithfully")
        if self.predictor not in {NO_PREDICTOR, HORIZONTAL, FLOATING}:
            raise PictureError(f"it uses an unknown predictor ({self.predictor})")

    @property
    def row_bytes(self) -> int:
        return -(-self.width * self.channels * self.bits // 8)

    @property
    def dtype(self) -> np.dtype[np.integer | np.floating]:
        return np.dtype(f"{'>' if self.big_endian else '<'}{_CODES[self.kind]}{self.bits // 8}")


def unpack(rows: Bytes, packing: Packing) -> Numbers:
    """Numbers of shape (rows, width, channels)."""
    shape = (len(rows), packing.width, packing.channels)
    if packing.bits not in _WHOLE:
        return _from_bits(rows, packing).reshape(shape)
    if packing.predictor == FLOATING:
        return _from_differences_of_bytes(rows, packing).reshape(shape)
    numbers = np.ascontiguousarray(rows).view(packing.dtype).reshape(shape)
    if packing.predictor == HORIZONTAL:
        whole = numbers.view(numbers.dtype.str.replace("f", "u")).astype(f"=u{packing.bits // 8}")
        summed = np.add.accumulate(whole, axis=1, dtype=whole.dtype)
        return summed.view(f"={packing.dtype.str[1:]}")
    return numbers


def _from_bits(rows: Bytes, packing: Packing) -> NDArray[np.uint32]:
    count = packing.width * packing.channels
    if packing.bits == 24:
        ordered = rows.reshape(len(rows), count, 3)[..., :: 1 if packing.big_endian else -1]
        return ordered.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    bits = np.unpackbits(rows, axis=1, count=count * packing.bits).reshape(len(rows), count, packing.bits)
    numbers = np.zeros((len(rows), count), np.uint32)
    for position in range(packing.bits):
        numbers = (numbers << np.uint32(1)) | bits[..., position]
    return numbers


def _from_differences_of_bytes(rows: Bytes, packing: Packing) -> Numbers:
    """Adobe's predictor for floats: the bytes of all numbers of a row, first bytes first, each less the one before."""
    size = packing.bits // 8
    steps = rows.reshape(len(rows), -1, packing.channels)
    summed = np.add.accumulate(steps, axis=1, dtype=np.uint8)
    planes = summed.reshape(len(rows), size, packing.width * packing.channels)
    return np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f">f{size}")
