"""Which pictures are asked about, and what the search service would send of each: scaled down, and encoded as JPEG."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.groups.packages import UnavailableError, debian_package
from benchmarks.groups.sets import SETS, prepare
from local.search.cracking import crack

_OF_A_KIND = 8
_OF_A_SET = 64
_PIECES = 8

type Labelled = Iterator[tuple[str, bytes]]


def as_sent(original: bytes, size: int) -> bytes:
    """The picture as the service sends it where no side may be longer than `size`."""
    (image,) = crack("picture.jpg", "image/jpeg", original, (size, size)).normalized_images
    return base64.b64decode(image["data"])


def labelled_sets() -> Iterator[tuple[str, Labelled]]:
    """Large photographs in pieces, and every labelled set: the largest pictures of each kind, so many in all.

    Few of the sets' pictures are larger than what is asked for; of the others, only the encoding changes something.
    """
    try:
        yield "large photographs", _pieces(_PIECES)
    except UnavailableError as error:
        print(f"large photographs left out: {error}")
    for labelled in SETS:
        try:
            folder = prepare(labelled)
        except UnavailableError as error:
            print(f"{labelled.name} left out: {error} ({labelled.source})")
            continue
        yield labelled.name, largest(folder)


def largest(folder: Path) -> Labelled:
    """The largest pictures of the first kinds of a set, with their kinds."""
    kinds = sorted(path for path in folder.iterdir() if path.is_dir())[: _OF_A_SET // _OF_A_KIND]
    for kind in kinds:
        for path in sorted(kind.iterdir(), key=_area, reverse=True)[:_OF_A_KIND]:
            yield kind.name, path.read_bytes()


def drawn_set() -> Iterator[tuple[str, Labelled]]:
    """For a run that only proves that it works."""
    chance = np.random.default_rng(0)

    def drawn() -> Iterator[tuple[str, Image.Image]]:
        for number in range(3):
            pixels = chance.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            yield f"photograph-{number}", Image.fromarray(pixels).resize((900, 900))

    yield "drawn", _cut(drawn(), 10)


def _area(path: Path) -> tuple[int, str]:
    with Image.open(path) as picture:
        return picture.width * picture.height, path.name


def _pieces(count: int) -> Labelled:
    """Pieces of every third large photograph at its full size, in other light, labelled by the photograph."""
    folders = (("mate-backgrounds", "mate/nature"), ("lomiri-wallpapers-16.04", ""))
    paths = [
        path
        for package, folder in folders
        for path in sorted((debian_package(package) / "usr/share/backgrounds" / folder).glob("*.jpg"))
        if not path.name.startswith(("analogpattern", "umang"))  # drawn ones
    ][::3]
    return _cut(((path.stem, Image.open(path).convert("RGB")) for path in paths), count)


def _cut(photographs: Iterator[tuple[str, Image.Image]], count: int) -> Labelled:
    chance = np.random.default_rng(1)
    for name, photograph in photographs:
        for _ in range(count):
            side = min(photograph.size) * chance.uniform(0.6, 0.95)
            left, top = (chance.uniform(0, length - side) for length in photograph.size)
            piece = photograph.crop((int(left), int(top), int(left + side), int(top + side)))
            piece = ImageEnhance.Brightness(piece).enhance(chance.uniform(0.6, 1.4))
            piece.save(buffer := io.BytesIO(), "JPEG", quality=95)
            yield name, buffer.getvalue()
