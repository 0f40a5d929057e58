"""Draw the sample pictures: open books, closed books, bookshelves, and odd ones that belong to no group.

`python data/make_pictures.py` draws the committed pictures again; another `--seed` draws others of the same kinds.
Every picture has a random state of its own, so neither the numbers asked for nor the number of processes change it.
"""

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from drawing.odd import SUBJECTS, odd_picture
from drawing.scenes import book_shelf_picture, closed_book_picture, open_book_picture
from numpy.random import Generator
from PIL import Image

SEED = 7
TRAIN, TEST = 16, 4
ODD_TRAIN, ODD_TEST = 6, 4
# Good enough that no blocks show, small enough to commit.
QUALITY = 85

type Painter = Callable[[Generator, int], Image.Image]

KINDS: dict[str, Painter] = {
    "open_book": open_book_picture,
    "closed_book": closed_book_picture,
    "book_shelf": book_shelf_picture,
    "odd": odd_picture,
}


@dataclass(frozen=True)
class Picture:
    """One picture to draw: its kind and its number among all of that kind, and where it goes in the output folder."""

    kind: str
    number: int
    path: str


def plan(train: int, test: int, odd_train: int, odd_test: int) -> list[Picture]:
    """All pictures of a set; those for testing continue the numbers of those for training.

    Raises ValueError for more odd pictures than there are subjects.
    """
    if odd_train + odd_test > len(SUBJECTS):
        raise ValueError(
            f"there are {len(SUBJECTS)} odd subjects, {odd_train + odd_test} were asked for; ask for fewer"
        )
    pictures: list[Picture] = []
    for kind in KINDS:
        first, second = (odd_train, odd_test) if kind == "odd" else (train, test)
        for number in range(first + second):
            folder, place = ("train", number) if number < first else ("test", number - first)
            pictures.append(Picture(kind, number, f"{folder}/{kind}_{place + 1:02d}.jpg"))
    return pictures


def draw(picture: Picture, seed: int, out: Path) -> Path:
    """Draw one picture into the folder `out` and return the file's path."""
    rng = np.random.default_rng([seed, list(KINDS).index(picture.kind), picture.number])
    path = out / picture.path
    path.parent.mkdir(parents=True, exist_ok=True)
    KINDS[picture.kind](rng, picture.number).save(path, quality=QUALITY, optimize=True)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw the sample pictures.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder that gets train/ and test/")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--train", type=int, default=TRAIN, help="pictures of each kind for training")
    parser.add_argument("--test", type=int, default=TEST, help="pictures of each kind for testing")
    parser.add_argument("--odd-train", type=int, default=ODD_TRAIN, help="odd pictures for training")
    parser.add_argument("--odd-test", type=int, default=ODD_TEST, help="odd pictures for testing")
    parser.add_argument("--only", nargs="+", metavar="PATH", help="draw only these, such as train/open_book_03.jpg")
    parser.add_argument("--workers", type=int, default=2, help="processes; a picture takes one some seconds")
    options = parser.parse_args(arguments)
    try:
        pictures = plan(options.train, options.test, options.odd_train, options.odd_test)
    except ValueError as problem:
        parser.error(str(problem))
    if options.only is not None:
        known = {picture.path: picture for picture in pictures}
        unknown = [path for path in options.only if path not in known]
        if unknown:
            parser.error(f"no such picture: {', '.join(unknown)}; there are {', '.join(known)}")
        pictures = [known[path] for path in options.only]
    with ProcessPoolExecutor(options.workers) as pool:
        for path in pool.map(partial(draw, seed=options.seed, out=options.out), pictures):
            print(path)  # noqa: T201 (a command line tells what it has done)


if __name__ == "__main__":
    main()
