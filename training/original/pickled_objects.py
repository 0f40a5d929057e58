"""What the objects in the original sample's pickles stand for: inert stand-ins for numpy's, joblib's and its own.

A pickle names classes and functions and says what to do with them. The names are compared here and never looked up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


class MalformedError(ValueError):
    """A pickle that contradicts itself. Its reader names the file."""


class ForbiddenError(ValueError):
    """A pickle does what no honest one would: the message is a predicate. Its reader names the file and its kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is expected to be, and the globals that such a file names."""

    description: str
    globals: frozenset[str]


_NDARRAY = "numpy.ndarray"
_DTYPE = "numpy.dtype"
# numpy renamed numpy.core to numpy._core in 2.0; a file names whichever wrote it.
_SCALARS = frozenset({"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"})
_RECONSTRUCTS = frozenset({"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"})
_JOBLIB_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
# The original's class, and its base for those who saved that; scikit-learn renamed the module in 0.22.
_MODELS = frozenset({"ml.models.DBSCAN.DBSCANv2", "sklearn.cluster._dbscan.DBSCAN", "sklearn.cluster.dbscan_.DBSCAN"})

LABELS = Kind("a file of labels", _SCALARS | {_DTYPE})
"""A dict of names. It needs numpy only where its keys are numpy integers."""

MODEL = Kind("a DBSCAN model", _MODELS | _RECONSTRUCTS | _SCALARS | {_DTYPE, _NDARRAY, _JOBLIB_ARRAY})
"""A fitted DBSCAN, saved with joblib or with pickle's protocols 3 and 4."""

_DTYPE_CODES = frozenset({"b1", "f2", "f4", "f8", *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8))})
_MAX_DIMENSIONS = 2
_MAX_SIZE = 2**31  # of a dimension: no honest one comes near, and numpy's own arithmetic stays far from overflow
_MAX_SHOWN = 80  # characters of a name from the file in an error message


@dataclass(frozen=True, slots=True)
class Global:
    """A class or function by name."""

    name: str


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class that the file names, as its attributes. The class itself is never imported."""

    class_name: str
    attributes: dict[str, object] = field(default_factory=dict[str, object])


@dataclass(slots=True, eq=False)
class DType:
    """numpy.dtype(code), until its state tells the byte order."""

    code: str
    order: str = "|"

    def numpy(self) -> np.dtype[np.generic]:
        return np.dtype(self.order + self.code)


@dataclass(slots=True, eq=False)
class Pending:
    """An array that numpy announces before it fills it."""

    array: NDArray[np.generic] | None = None


@dataclass(frozen=True, slots=True)
class StoredArray:
    """joblib's wrapper: an array whose bytes follow in the file, outside the pickle."""

    shape: tuple[object, ...]
    dtype: DType
    fortran: bool
    padded: bool
    """Whether a byte that counts padding, and the padding, come first: since joblib 1.2, for alignment."""

    def read(self, content: bytes, position: int) -> tuple[NDArray[np.generic], int]:
        """The array whose bytes begin at a position, and the position after it. Raises MalformedError."""
        if self.padded:
            position += 1 + int.from_bytes(content[position : position + 1])
        array = make_array(content, position, self.shape, self.dtype, fortran=self.fortran)
        return array, position + array.nbytes


def make_array(
    content: bytes, position: int, shape: tuple[object, ...], dtype: DType, *, fortran: bool = False
) -> NDArray[np.generic]:
    """A read-only view of numbers. Raises MalformedError when the content does not hold them all."""
    sizes = [size for size in shape if isinstance(size, int) and 0 <= size <= _MAX_SIZE]
    if len(sizes) != len(shape) or len(sizes) > _MAX_DIMENSIONS:
        raise MalformedError("an array has an impossible shape")
    if math.prod(sizes) * dtype.numpy().itemsize > len(content) - position:
        raise MalformedError("it ends within an array: copy it again")
    return np.ndarray(sizes, dtype.numpy(), content, position, order="F" if fortran else "C")


def call(function: object, arguments: object) -> object:
    """What a call of one of the admitted functions would have returned. Raises ForbiddenError, MalformedError."""
    match function, arguments:
        case Global(name), (str() as code, *_) if name == _DTYPE:
            if code not in _DTYPE_CODES:
                raise ForbiddenError(f"holds values of dtype {printable(code)}")
            return DType(code)
        case Global(name), (DType() as dtype, bytes() as raw) if name in _SCALARS:
            return make_array(raw, 0, (), dtype).item()
        case Global(name), _ if name in _RECONSTRUCTS:
            return Pending()
        case _:
            raise MalformedError("something is called that can't be, or with arguments that are never written")


def new(cls: object, arguments: object) -> Instance:
    """An empty object of an admitted class. Raises MalformedError."""
    match cls, arguments:
        case Global(name), () if name in _MODELS or name == _JOBLIB_ARRAY:
            return Instance(name)
        case _:
            raise MalformedError("an object is made in a way that is never written")


def build(target: object, state: object) -> object:
    """An object with its state: the object itself, or the array that it stands for. Raises MalformedError."""
    match target, state:
        case Instance(), dict():
            target.attributes.update((str(key), value) for key, value in state.items())
            return _stored(target.attributes) if target.class_name == _JOBLIB_ARRAY else target
        case DType(), (_, ("<" | ">" | "|") as order, None, None, None, *_):
            target.order = order
            return target
        case Pending(), (_, tuple() as shape, DType() as dtype, bool() as fortran, bytes() as raw):
            target.array = make_array(raw, 0, shape, dtype, fortran=fortran)
            return target.array
        case _:
            raise MalformedError("an object's state does not fit it")


def _stored(wrapper: Mapping[str, object]) -> StoredArray:
    match wrapper:
        case {
            "subclass": Global(name),
            "shape": tuple() as shape,
            "order": ("C" | "F") as order,
            "dtype": DType() as dtype,
        } if name == _NDARRAY:
            padded = wrapper.get("numpy_array_alignment_bytes") is not None
            return StoredArray(shape, dtype, fortran=order == "F", padded=padded)
        case _:
            raise MalformedError("joblib's array lacks a shape, order or dtype")


def printable(name: str) -> str:
    """A name from the file, fit for a terminal."""
    shown = name[:_MAX_SHOWN]
    return shown if shown.isascii() and shown.isprintable() else ascii(shown)
