"""The arrays of an .npz file, within bounds: what a file says of itself may not take more memory than the file.

numpy.load makes room for whatever shape a header claims, and unpacks whatever is packed. The files that numpy.savez
writes are not packed, so that here an array is as large as its bytes or is not read. Nothing is unpickled.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray


def read_npz(content: bytes, names: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """The named arrays. Raises ValueError where one is missing, packed, damaged or not as large as it claims."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: _read_array(archive, f"{name}.npy") for name in names}
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as error:  # encrypted: Runtime
        raise ValueError(str(error.args[0] if error.args else error)) from None


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[np.generic]:
    entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is packed: write it with numpy.savez")
    content = archive.read(entry)
    file = io.BytesIO(content)
    if npy.read_magic(file) != (1, 0):
        raise ValueError(f"{name} is not in version 1.0 of numpy's format")
    shape, by_columns, dtype = npy.read_array_header_1_0(file)
    if dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {dtype}, not numbers")
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"{name} does not have the bytes of an array of shape {shape}")
    array = np.frombuffer(content, dtype, offset=file.tell())
    return array.reshape(shape, order="F" if by_columns else "C").copy()
