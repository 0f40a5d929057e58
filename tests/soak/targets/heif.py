"""Damaged HEIC and AVIF through the decoder that training and serving share: libheif and libavif are in C and C++."""

from __future__ import annotations

from pathlib import Path
from random import Random

from shared.embedding.images import PictureError, read_picture
from tests.soak.mutations import mutate
from tests.soak.pictures import seeds
from tests.soak.worker import Attempt


def prepare(_: Path) -> Attempt:
    files = [content for name, content in seeds().items() if name.startswith(("HEIC", "AVIF"))]

    def attempt(chance: Random) -> str:
        try:
            picture = read_picture(mutate(chance.choice(files), chance, files))
        except PictureError:
            return "refused"
        assert picture.mode == "RGB"
        return "read"

    return attempt
