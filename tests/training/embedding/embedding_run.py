"""Embeds a folder of pictures with a cache, as training does, and may be killed on the way. Prints how many it did.

Arguments: the folder, the cache's file, and after how many pictures to die (0: never).
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import override

import numpy as np
from numpy.typing import NDArray

from shared.embedding.backends import Features
from shared.pictures.folder import find_pictures
from tests.bundles import SPEC
from tests.training.plain_embedder import Counted, plain_embedder
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_pictures


class Mortal(Counted):
    def __init__(self, lifetime: int) -> None:
        super().__init__()
        self._lifetime = lifetime

    @override
    def __call__(self, batch: NDArray[np.float32]) -> Features:
        if self._lifetime and self.pictures >= self._lifetime:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(batch)


def main(folder: str, cache_file: str, lifetime: str) -> None:
    backend = Mortal(int(lifetime))
    with closing(EmbeddingCache(SPEC, Path(cache_file))) as cache:
        embed_pictures(find_pictures(Path(folder)), plain_embedder(backend), cache)
    sys.stdout.write(f"{backend.pictures}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
