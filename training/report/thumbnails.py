"""The report's pictures, within a budget: nobody who opens it on a phone should wait for what they never look at."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from shared.embedding.images import PictureError
from training.gallery.gallery import Gallery
from training.pictures.thumbnails import thumbnail

# Of WebP; base64 makes it 8 MB of page.
BUDGET = 6_000_000

# Height in pixels, and the bytes that a thumbnail of it takes on average: measured on 26 photographs at quality 70, the
# first two on the sample's. Pictures can be enlarged, so that few of them may be large.
_HEIGHTS = ((480, 18_000), (320, 10_400), (200, 6_100), (144, 3_600), (112, 2_400), (88, 1_700), (72, 1_300))
_QUALITY = 70
# Wider ones are panoramas; they become lower instead.
_MAX_ASPECT = 2

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Inlined:
    """A thumbnail as the page holds it."""

    uri: str
    width: int
    height: int
    cost: int
    """Bytes of the picture before base64."""


class Thumbnails:
    """Thumbnails of a gallery, each made once however often the report is written."""

    def __init__(self, gallery: Gallery, budget: int = BUDGET) -> None:
        self._gallery = gallery
        self._budget = budget
        count = max(1, len(gallery.names))
        self._height = next((height for height, cost in _HEIGHTS if cost * count <= budget), _HEIGHTS[-1][0])
        self._made: dict[int, Inlined | None] = {}

    def choose(self, galleries: Sequence[Sequence[int]]) -> dict[int, Inlined]:
        """Thumbnails of as many pictures as the budget allows: the first of every gallery, then the second of each.

        A picture that has become unreadable is left out.
        """
        chosen: dict[int, Inlined] = {}
        left = self._budget
        for batch in itertools.batched(_by_rank(galleries), _BATCH, strict=False):
            for picture, inlined in zip(batch, self._make(batch), strict=True):
                if inlined is None:
                    continue
                left -= inlined.cost
                if left < 0:
                    return chosen
                chosen[picture] = inlined
        return chosen

    def _make(self, pictures: Sequence[int]) -> list[Inlined | None]:
        wanted = [picture for picture in pictures if picture not in self._made]
        if wanted:
            with ThreadPoolExecutor(os.process_cpu_count(), thread_name_prefix="thumbnail") as threads:
                self._made |= zip(wanted, threads.map(self._inline, wanted), strict=True)
        return [self._made[picture] for picture in pictures]

    def _inline(self, picture: int) -> Inlined | None:
        box = (self._height * _MAX_ASPECT, self._height)
        try:
            made = thumbnail(self._gallery.sources[picture].content(), box, _QUALITY)
        except PictureError:
            return None
        uri = "data:image/webp;base64," + base64.b64encode(made.content).decode()
        return Inlined(uri, made.width, made.height, len(made.content))


def _by_rank(galleries: Sequence[Sequence[int]]) -> Iterable[int]:
    nobody = object()
    for rank in itertools.zip_longest(*galleries, fillvalue=nobody):
        yield from (picture for picture in rank if isinstance(picture, int))
