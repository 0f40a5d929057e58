"""Damaged pictures of every format that Pillow reads, through the decoder that training and serving share."""

from __future__ import annotations

from pathlib import Path
from random import Random

from shared.embedding.images import PictureError, fit, read_picture
from tests.soak.mutations import mutate
from tests.soak.pictures import seeds
from tests.soak.worker import Attempt

_SIZE = 64


def prepare(_: Path) -> Attempt:
    files = list(seeds().values())

    def attempt(chance: Random) -> str:
        data = mutate(chance.choice(files), chance, files)
        resize = chance.choice(("antialias", "point"))
        try:
            # The scaled decoding of large JPEGs as the embedder asks for it, and without.
            picture = read_picture(data, at_least=chance.choice((None, 2 * _SIZE)))
        except PictureError:
            return "refused"
        assert picture.mode == "RGB"
        assert fit(picture, _SIZE, resize).shape == (_SIZE, _SIZE, 3)
        return "read"

    return attempt
