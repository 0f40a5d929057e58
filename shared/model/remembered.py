"""Pictures that a person decided about: kept by name and embedding, so that files may move and be called anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.model.core_samples import NOISE, CoreSamples
from shared.printable import composed

# Cosine distance up to which two embeddings are of one picture. Other machines round differently, by some 1e-7; a
# picture that was scaled or compressed again moves 5e-4 on average.
SAME = 1e-5


class Remembered(BaseModel):
    """One picture, as labels.json holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    picture: Annotated[str, AfterValidator(composed)]
    vector: bytes = Field(repr=False)
    """Its embedding, as the embedder made it: float32, little-endian. In the file in base64 (RFC 4648, section 5)."""

    def embedding(self) -> NDArray[np.float32]:
        """Shape (dimensions,)."""
        return np.frombuffer(self.vector, dtype="<f4").astype(np.float32)


class Placed(Remembered):
    """A picture that answers one cluster, whatever it is nearest to."""

    cluster: int
    """NOISE where a person is not sure."""
    category: str | None = None
    """That the picture was trained in; None where categories were not trained apart, or it came later."""
    by_hand: bool = Field(default=False, exclude_if=lambda by_hand: not by_hand)
    """Whether a person put the picture there, as against a split or a merge that took it along."""


class Lookup[Entry: Remembered]:
    """Finds remembered pictures, and copies of them, by their embeddings."""

    def __init__(self, entries: Sequence[Entry], within: float = SAME) -> None:
        """`within` is the cosine distance up to which two embeddings are of one picture."""
        self._entries = entries
        self._within = within
        self._samples = (
            CoreSamples(
                np.stack([entry.embedding() for entry in entries]), np.arange(len(entries), dtype=np.int32), "cosine"
            )
            if entries
            else None
        )

    def find(self, vectors: NDArray[np.float32]) -> dict[int, Entry]:
        """Which of some pictures are remembered, by their row in `vectors` (n, dimensions)."""
        if self._samples is None:
            return {}
        found = self._samples.nearest(vectors).within(self._within)
        return {int(row): self._entries[int(found[row])] for row in np.flatnonzero(found != NOISE)}


def vector_bytes(vector: NDArray[np.float32]) -> bytes:
    """An embedding as `Remembered.vector` has it."""
    return vector.astype("<f4").tobytes()
