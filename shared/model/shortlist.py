"""Which core samples can be the nearest one, by products of 8-bit integers: a quarter of the bytes of the real ones to
read, which is what comparing a few pictures with a hundred thousand core samples takes its time for.

Rounding to 8 bits moves a product by no more than what is rounded off, which is known. So the nearest core sample is
always on the list, and only what is on it need be compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Core samples from which on a list saves time: below, products with all of them take a picture 2 core-milliseconds.
WORTHWHILE = 10_000
# Embeddings are rounded to -63 to 63 and core samples to -127 to 127: processors without VNNI add products in pairs,
# in 16 bits.
_TARGET, _SAMPLE = 63, 127
_ZERO = 64
"""What 0 is among unsigned numbers, which ONNX Runtime wants the embeddings in."""
# Rounding of float32, as a share of the numbers involved.
_ROUNDING = 1e-4
# Core samples rounded at a time, and products in memory at a time: 16 MB.
_TOGETHER = 4096
_BLOCK = 4_000_000
# An ONNX graph of one MatMulInteger: y = a @ b, of any shapes. NumPy has no fast products of integers.
GRAPH = (
    b'\x08\x08:i\n\x18\n\x01a\n\x01b\x12\x01y"\rMatMulInteger\x12\x08productsZ\x15\n\x01a\x12\x10\n\x0e\x08\x02\x12\n\n'
    b"\x03\x12\x01t\n\x03\x12\x01dZ\x15\n\x01b\x12\x10\n\x0e\x08\x03\x12\n\n\x03\x12\x01d\n\x03\x12\x01nb\x15\n\x01y"
    b"\x12\x10\n\x0e\x08\x06\x12\n\n\x03\x12\x01t\n\x03\x12\x01nB\x04\n\x00\x10\r"
)


class Shortlist:
    """Core samples in 8 bits, less their mean: distances stay as they are, and what is rounded off is less."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        """vectors: shape (m, dimensions), comparable."""
        self._mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._samples = np.empty(vectors.shape[::-1], dtype=np.int8)
        self._steps, self._zeros, self._halves = np.empty((3, len(vectors)), dtype=np.float32)
        self._longest = self._lost = 0.0
        for start in range(0, len(vectors), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            centred = vectors[some] - self._mean
            rounded, steps = _rounded(centred, _SAMPLE)
            self._samples[:, some] = rounded.astype(np.int8).T
            self._steps[some] = steps
            self._zeros[some] = _ZERO * steps * rounded.sum(axis=1)
            squares = np.square(centred).sum(axis=1)
            self._halves[some] = squares / 2
            lost = np.linalg.norm(centred - steps[:, None] * rounded, axis=1)
            self._longest = max(self._longest, float(squares.max()) ** 0.5)
            self._lost = max(self._lost, float(lost.max()))
        self._session = _session()

    def of(self, targets: NDArray[np.float32], among: NDArray[np.bool_] | None = None) -> Iterator[NDArray[np.intp]]:
        """For each target of shape (n, dimensions), the rows among which its nearest core sample is, ascending.

        `among` (m,) admits only some of them.
        """
        for start in range(0, len(targets), size := max(1, _BLOCK // len(self._steps))):
            centred = targets[start : start + size] - self._mean
            rounded, steps = _rounded(centred, _TARGET)
            given = {"a": (rounded + _ZERO).astype(np.uint8), "b": self._samples}
            products = np.asarray(self._session.run(None, given)[0])
            lengths = np.linalg.norm(centred, axis=1)
            lost = np.linalg.norm(centred - steps[:, None] * rounded, axis=1)
            # By Cauchy and Schwarz: |tv - t'v'| <= |t| |v - v'| + |t - t'| |v'|.
            leeway = lengths * self._lost + lost * (self._longest + self._lost)
            leeway += _ROUNDING * (lengths + self._longest) * self._longest
            for row, step in enumerate(steps):
                scores = products[row] * self._steps
                scores -= self._zeros
                scores *= step
                scores -= self._halves
                if among is not None:
                    scores[~among] = -np.inf
                yield np.flatnonzero(scores >= scores.max() - 2 * leeway[row])


def _rounded(vectors: NDArray[np.float32], most: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Integers up to `most`, and how much each one stands for in a row: shapes (n, dimensions) and (n,)."""
    steps = (np.abs(vectors).max(axis=1, initial=1e-30) / most).astype(np.float32)
    return np.rint(vectors / steps[:, None]).astype(np.float32, copy=False), steps


def _session() -> InferenceSession:
    import onnxruntime as ort  # TensorFlow may serve, too

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(GRAPH, options, providers=["CPUExecutionProvider"])
